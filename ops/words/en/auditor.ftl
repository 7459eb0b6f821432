# The auditor's page.

auditor-title = Audit log
auditor-intro = { $entries ->
    [one] { $entries } entry states who read or changed which records, and why.
   *[other] { $entries } entries state who read or changed which records, and why.
} What you read here is recorded too.
auditor-verify = Verification
auditor-verify-now = Verify the log
auditor-changed = The log was changed.
auditor-no-witness = There is no witness copy: an older copy of the whole log would look the same.
auditor-root = Root of the tree:
auditor-consistency = Consistency of two signed heads
auditor-consistency-hint = Proves that a later head contains all entries of an earlier one, such as a head that you noted.
auditor-first-head = Earlier head
auditor-second-head = Later head (default: the newest)
auditor-prove = Prove consistency
auditor-consistent = { $result ->
    [yes] Head { $second } ({ $after } entries) continues head { $first } ({ $before } entries). Hashes of the proof:
   *[no] Head { $second } ({ $after } entries) does not continue head { $first } ({ $before } entries).
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
auditor-problem-time = The period cannot be read; state a date and a time.
auditor-problem-heads = The heads do not exist, or the later one is first.
