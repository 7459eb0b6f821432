# `watchline share`: packages for partners and from partners.

exchange-made = Package { $number } for { $partner }: { $count ->
    [0] no records
    [one] { $count } record
   *[other] { $count } records
}, in { $file }
exchange-received = Package { $number } of { $origin } verified and imported: { $count ->
    [0] no records
    [one] { $count } record
   *[other] { $count } records
}
exchange-withdrawn = Notice { $number } of { $origin } verified: { $count ->
    [0] no records were held
    [one] { $count } record removed
   *[other] { $count } records removed
}
exchange-listed = { $sent ->
    [one] { $sent } package
   *[other] { $sent } packages
} sent, { $received } received.
exchange-joint = { $shared } of { $cells } cells have coverage of both sides (own and { $partner }).
exchange-joint-assumption = Joint detection probability: 1 − (1 − p)(1 − q) if the two sides miss independently; otherwise between the stated bounds. Where a side knows only part of a cell, the rest is taken to be alike.
exchange-key = Public key for partners: { $key }
exchange-serving = Packages for partners: { $address }
exchange-pulled = { $packages ->
    [one] { $packages } package
   *[other] { $packages } packages
} of { $partner } imported, { $records ->
    [one] { $records } record
   *[other] { $records } records
}.
