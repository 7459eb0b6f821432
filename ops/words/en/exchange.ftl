# `watchline share`: packages for partners and from partners.

exchange-made = Package { $number } for { $partner }: { $count ->
    [0] no records
    [one] { $count } record
   *[other] { $count } records
}, in { $file }
exchange-received = Package { $number } from { $origin } verified and imported: { $count ->
    [0] no records
    [one] { $count } record
   *[other] { $count } records
}
exchange-withdrawn = Withdrawal notice { $number } from { $origin } verified: { $count ->
    [0] no records were held
    [one] { $count } record removed
   *[other] { $count } records removed
}
exchange-listed = { $sent ->
    [one] { $sent } package
   *[other] { $sent } packages
} sent, { $received } received.
exchange-direction = { $direction ->
    [sent] sent
   *[received] received
}
exchange-joint = For { $shared } of { $cells } cells the coverage of both sides is known (own and { $partner }).
exchange-joint-assumption = Joint detection probability: 1 − (1 − p)(1 − q) if misses of the two sides are independent; otherwise between the stated bounds. Where a side knows only part of a cell, the rest is taken to be alike.
exchange-key = Public key for partners: { $key }
exchange-serving = Packages for partners: { $address }
exchange-pulled = { $packages ->
    [one] { $packages } package
   *[other] { $packages } packages
} from { $partner } imported, { $records ->
    [one] { $records } record
   *[other] { $records } records
}.
