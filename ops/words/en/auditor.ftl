# The auditor's page.

auditor-title = Audit log
auditor-intro = { $entries ->
    [one] { $entries } entry records who read or changed which records, and why.
   *[other] { $entries } entries record who read or changed which records, and why.
} Reading this page is recorded, too.
auditor-verify = Verification
auditor-verify-now = Verify the log
auditor-changed = The log was changed.
auditor-no-witness = There is no witness copy, so replacement of the whole log by an older copy cannot be detected.
auditor-root = Root of the tree:
auditor-consistency = Consistency of two signed heads
auditor-consistency-hint = Proves that a later head contains all entries of an earlier one, for example of a head that you wrote down.
auditor-first-head = Earlier head
auditor-second-head = Later head (default: the newest)
auditor-prove = Prove consistency
auditor-consistent = { $result ->
    [yes] Head { $second } ({ $after } entries) extends head { $first } ({ $before } entries). Hashes of the proof:
   *[no] Head { $second } ({ $after } entries) does not extend head { $first } ({ $before } entries).
}
auditor-entries = Entries
auditor-person = Person
auditor-operation = Operation
auditor-any = Any
auditor-operation-name = { $operation ->
    [collection] Collection
    [consultation] Consultation
    [disclosure] Disclosure
    [alteration] Alteration
   *[erasure] Erasure
}
auditor-subject = Records contain
auditor-since = From (UTC)
auditor-until = Before (UTC)
auditor-show = Show entries
auditor-export = Export
auditor-listed = { $count ->
    [0] No entries match.
    [one] { $count } entry
   *[other] { $count } entries, the newest first
}
auditor-column = { $column ->
    [number] Number
    [time] Time (UTC)
    [person] Person
    [operation] Operation
    [subject] Records
   *[purpose] Purpose
}
auditor-older = Older entries
auditor-problem-time = The period cannot be read; enter dates and times.
auditor-problem-heads = One of the heads does not exist, or the earlier head is not the earlier one.
