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
exchange-again = { $count ->
    [one] Package { $numbers } holds a withdrawn record and is no longer sent. If { $partner } has not received it, make a new package
   *[other] Packages { $numbers } hold withdrawn records and are no longer sent. If { $partner } has not received them, make new packages
} of the other records.
exchange-missing = { $count ->
    [one] Package { $first } from { $origin } was not imported
   *[other] Packages { $first } to { $last } from { $origin } were not imported
}. Of these, notices of withdrawal can still be received.
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
exchange-broker-written = Configuration of the exchange broker at { $address } written. Copy { $folder } to the broker’s computer and start there: mosquitto -c mosquitto.conf
exchange-bridge = Bridge to { $partner } at { $address }.
exchange-bridge-missing = No bridge to { $partner } yet: ask { $partner } for the folder identities/partner-{ $own }, put it at { $folder }, and run this command again.
exchange-bundle = For the bridge of { $partner }: hand over { $folder } on a channel that both trust. It holds a private key.
exchange-connected = Connected to the exchange broker.
exchange-no-answer = { $reason } The next attempt follows in { $seconds } s.
exchange-no-connection = Not connected to the exchange broker: { $reason }
exchange-published = Package { $number } published for { $partner }.
exchange-refused = A package from { $partner } was refused, and nothing more is imported from { $partner } until this command is started again: { $reason }
exchange-no-agreements = { $reason } Until this is right, no package is sent.
exchange-behind = { $partner } has package { $number }, which the log here does not know: exchange/sent.db came from an older copy. New packages get numbers above { $number }. Make those again that were made since the copy came back, withdrawals too.
exchange-unsigned = A message that { $partner } has not signed was ignored.
