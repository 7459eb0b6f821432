# `watchline audit`, and what retention erases.

audit-shown =
    { $count ->
        [0] No entries.
        [one] { $count } entry.
       *[other] { $count } entries; showing the newest { $shown }.
    }
audit-not-recorded = That these entries were shown could not be recorded: { $reason }
audit-verified = Log unchanged: { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
} under { $heads ->
    [one] { $heads } signed head
   *[other] { $heads } signed heads
}{ $erased ->
    [0] .
   *[other] ; { $erased } erased after their retention.
}
audit-witnessed = The witness copy confirms { $entries ->
    [one] { $entries } entry.
   *[other] { $entries } entries.
}
audit-no-witness = No witness copy was given, so replacement of the whole log by an older copy cannot be detected.
audit-exported = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
} written to { $file }; the export is recorded.
audit-finding = { $file ->
    [none] Witness copy
   *[other] { $file }
}: { $kind ->
    [changed] entry { $entry } was changed.
    [removed] entries were removed, starting at entry { $entry }.
    [added] entries were added, starting at entry { $entry }.
    [head_changed] signed head { $head }, at entry { $entry }, was changed.
    [head_missing] signed head { $head }, at entry { $entry }, is missing or out of order.
    [unsigned] entries from { $entry } onwards are not covered by a signed head.
    [copy_changed] this line does not belong to the witness copy, which was changed.
    [other_copy] this is the witness copy of another log, up to head { $head }, in the same folder. If the log was not replaced, state a folder of its own in the settings of the other log, and move the file there.
    [other_key] head { $head }, at entry { $entry }, is signed by another key.
   *[not_a_line] a line near entry { $entry } does not belong to a log.
}

## Retention

retention-days = { $kind ->
    [detections] Detections
    [tracks] Tracks
    [alerts] Alerts and incidents
    [eurosur] EUROSUR reports
    [partners] Records from partners
   *[unit_positions] Unit positions
}: { $days ->
    [one] { $days } day
   *[other] { $days } days
} ({ $first } to { $last }) { $mode ->
    [planned] to be erased.
   *[done] erased.
}
retention-exports = Exports: { $files ->
    [one] { $files } file
   *[other] { $files } files
} { $mode ->
    [planned] to be erased.
   *[done] erased.
}
retention-audit = Audit log: { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
} { $mode ->
    [planned] to be erased.
   *[done] erased; the hashes remain.
}
retention-records = { $records ->
    [one] { $records } record
   *[other] { $records } records
} { $mode ->
    [planned] of journal and store to be erased.
   *[done] of journal and store erased.
}
retention-kept = { $kind ->
    [detections] Detections
    [tracks] Tracks
    [alerts] Alerts and incidents
    [eurosur] EUROSUR reports
    [partners] Records from partners
   *[unit_positions] Unit positions
} of { $day } are kept: { $reason }.
retention-nothing = No records are past their retention.
retention-failed = Records past their retention could not be erased: { $reason }
retention-approval = Erasure with these settings has to be confirmed by a second person: request it on the page /approvals with the checksum { $checksum }.
