# Sources of the data of the shipped catalogue, as a comparison cites them; the catalogue states them in English.

compare-catalogue-source = { $source ->
   *[other] { $text }
}
