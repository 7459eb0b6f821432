# `watchline eurosur`: reports of the EUROSUR layers.

eurosur-added = { $count ->
    [one] { $count } report added.
   *[other] { $count } reports added.
}
eurosur-listed = { $count ->
    [one] { $count } report
   *[other] { $count } reports
}; { $overdue ->
    [0] none is overdue.
   *[other] { $overdue } overdue (!): not sent within 24 h.
}
eurosur-exported = { $count ->
    [one] { $count } report
   *[other] { $count } reports
} written to { $file }.
