# Field units: enrolment of devices, answers, and what a unit reaches.
unit-no-incident = Unknown incident, or it is closed.
unit-id-used = The identifier of the answer was used for another answer.
unit-unreadable = Cannot be read: { $what }.
unit-too-many = Too many positions at once; the limit is { $count }.
unit-late = Received { DURATION($seconds) } after it was given.
unit-clock =
    { $which ->
        [ahead] The clock of this device is { DURATION($seconds) } ahead; the time was corrected.
       *[behind] The clock of this device is { DURATION($seconds) } behind; the time was corrected.
    }

## watchline unit

devices-code = One-time code for a device of { $unit }: { $code } (one device, until { TIME($until) })
devices-address = Open on the device: { $url }
devices-none = { $unit } has no devices.
devices-revoked = { $unit }: device { $device } ({ $name }) revoked
