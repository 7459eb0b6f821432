# Lines that the commands print, those of the analyses excepted.

## Words of tables. A name that is not in the list is shown as it is.

console-column = { $name ->
    [behind] rows behind
    [cores] cores
    [machine] machine
    [fused] rows fused
    [covered_now] segments covered now
    [covered_planned] segments covered as planned
    [lease] lease
    [live_since] live since
    [rows] journal rows
    [sector] sector
    [worker] worker
    [sensors_working] sensors working
    [sensors_offline] sensors not working
    [open_distress] open (distress)
    [open_high] open (high)
    [open_medium] open (medium)
    [open_low] open (low)
    [priority] priority
    [incident] incident
    [opened] opened
    [continues] continuation of
    [partner] partner
    [direction] direction
    [records] records
    [confidence] confidence
    [account] account
    [name] name
    [roles] roles
    [second_factor] second factor
    [logins] sessions
    [began] since
    [device] device
    [enrolled] enrolled
    [revoked] revoked
    [last_used] last used
    [ends] ends
    [address] address
    [label] program or browser
    [position] position
    [at] time
    [receiver] receiver
    [record] alert or incident
    [revision] revision
    [number] no.
    [operation] operation
    [person] person
    [what] request, records, purpose
    [action] operator action
    [unknown] unknown
    [actor] client
    [body] bytes
    [bytes] size
    [boot] boot
    [code] code
    [content_type] content type
    [dead_lettered] dead letters
    [detections] detections
    [duplicate] duplicates
    [existence] P(existence)
    [field] field
    [found] found
    [ground] ground
    [id] ID
    [interval] interval
    [item] item
    [journaled] journaled
    [kept] bytes kept
    [layer] layer
    [subject] subject
    [attribute] attribute
    [values] values
    [origin] origin
    [kind] kind
    [looks] looks
    [message] reason
    [observed] observed
    [offset] offset
    [packet_content_type] packet content type
    [packet_size] packet size
    [positions] with position
    [predicted] predicted
    [published] published
    [received] received
    [received_at] received
    [replayed] reprocessed
    [sapient_node] SAPIENT node
    [properties] properties
    [scans] scans
    [segment] segment
    [sender] sender
    [sensor] sensor
    [source] source
    [seq] sequence
    [shed] dropped
    [size] bytes
    [sources] sources
    [speed] speed
    [state] state
    [status] status
    [survey] survey
    [target_class] class
    [topic] topic
    [track] track
    [tracks] tracks
    [verdict] result
   *[other] { $name }
}
console-track-status = { $status ->
    [tentative] tentative
    [confirmed] confirmed
    [coasting] coasting
   *[other] { $status }
}
console-priority = { $priority ->
    [distress] DISTRESS
    [high] high
    [medium] medium
    [low] low
   *[other] { $priority }
}
console-progress = { $step ->
    [messages] messages
    [rows] journal rows
    [scans] scans
    [files] files
    [sectors] sectors
   *[other] { $step }
}

## Kernels

console-output = Output: { $folder }
console-compiling = Compiling kernels (once after an installation or update; it takes minutes), { $seconds } s: { $done } of { $total } groups done
console-compiled = Kernels compiled in { $seconds } s and kept for the next start.

## A room: demo, run, serve

console-demo-title = Watchline demo: { $sector } (simulated sensors)
console-demo-starting = Starting broker, ingest, fusion and simulator…
console-demo-draining = Senders have stopped; processing the remaining messages…
console-demo-scoring = Scoring tracks against the simulated truth and writing the report…
console-live-map = Live map: { $address }
console-demo-status = { $seconds } s: { $journaled ->
    [one] { $journaled } message
   *[other] { $journaled } messages
} journaled, { $tracks ->
    [one] { $tracks } confirmed track
   *[other] { $tracks } confirmed tracks
}, { $alerts ->
    [one] { $alerts } alert
   *[other] { $alerts } alerts
}; latency { $p50 } (median), { $p99 } (99th percentile)
console-demo-alert = ALERT, { $priority }: { $sentence }
console-demo-counts = Messages per sensor
console-demo-unknown-sensor = (unknown sensor)
console-demo-balance = { $balanced ->
    [yes] All messages are accounted for, for every sensor: received = journaled + duplicates + dead letters + dropped, and published = journaled + dead letters + dropped, each message counted once.
   *[no] THE MESSAGE COUNTS DO NOT BALANCE: a sensor's received messages are not the sum of journaled, duplicate, dead-lettered and dropped ones, or some of its published messages are missing.
}
console-demo-tracks = { $tracks ->
    [one] { $tracks } confirmed track
   *[other] { $tracks } confirmed tracks
}, { $alerts ->
    [one] { $alerts } alert
   *[other] { $alerts } alerts
}; { $targets ->
    [one] { $targets } simulated target
   *[other] { $targets } simulated targets
}, { $covered } of them in line of sight of a sensor at some point.
console-demo-quality = Mean GOSPA (c = 50 m, p = 2): { $all } over all targets, { $covered } over those in line of sight; { $swaps ->
    [one] { $swaps } track-ID swap
   *[other] { $swaps } track-ID swaps
}.
console-demo-resources = Latency from sending to live picture: { $p50 } (median), { $p99 } (99th percentile); peak memory { $megabytes } MB (PSS).
console-files = Files: { $files }
console-milliseconds = { DECIMAL($value) } ms
console-run-embedded = Embedded broker: senders on this computer find its address in { $file }.
console-run-started = Sector { $sector } is running. Live map: { $address } (Ctrl-C stops it)
console-run-stopping = Stopping: ingest first; fusion then processes the remaining messages.
console-serve-started = Live map of { $store }: { $address } (Ctrl-C stops it)
console-stopped = Stopped.
console-sapient-dial = SAPIENT: connecting to the middleware at { $address }
console-sapient-listen = SAPIENT: listening at { $address }
console-sapient-open = WARNING: SAPIENT over TCP has no authentication and no encryption. Any computer that can reach this port is trusted.

## The live console

console-live-running = { $clock }   running for { $seconds } s
console-live-messages = messages: received { $received }, journaled { $journaled }, duplicates { $duplicate }, dead letters { $dead }, dropped { $shed }
console-live-tracks = tracks: confirmed { $confirmed }, coasting { $coasting }, tentative { $tentative }; alerts: { $alerts }
console-live-latency = latency from detection to picture: { $p50 } (median), { $p99 } (99th percentile)
console-live-memory = memory { $megabytes } MB
console-live-problem = { $code ->
    [compiling_kernels] STARTING: { $problem }
   *[other] PROBLEM: { $problem }
}
console-live-alerts = Alerts, newest first
console-live-no-alerts = No alerts yet.
console-live-nearest = Tracks nearest to the border
console-live-sensors = Sensors
console-live-sensor = { $mute ->
    [lasting] { sensor-state } until { TIME($until) }
    [ended] { sensor-state }, mute ended { TIME($until) }
   *[none] { sensor-state }
}
console-live-no-sensors = No data from any sensor yet.

## Supervised processes

console-part-problem = { $part }: { $problem }
console-part-well = { $part }: problem resolved.
console-part-recovered = { $part } is running again.
console-part-silent = { $part } has given no sign of life for { $seconds } s.
console-part-heard = { $part } gives signs of life again.
console-part-killed = { $part } has given no sign of life for { $seconds } s and is ended.
console-part-restarted = { part-ended } Restarted.
console-part-next-start = { part-ended } Next start in { $seconds } s.
console-part-compiling = { $part } is compiling kernels after an installation or update. Messages are journaled; the picture is not updated until it is done.
console-part-compiled = { $part } has compiled its kernels and is running.
console-part-not-started = { part-not-started } Next start in { $seconds } s.

## record, simulate, replay, import, archive

console-record-started = Recording sector { $sector } from { $broker } into { $journal } (Ctrl-C stops it)
console-store-migrated = { $change ->
    [created] Store created at version { $after }: { $store }
    [upgraded] Store upgraded from version { $before } to { $after }: { $store }
   *[other] Store already at version { $after }: { $store }
}
console-store-granted = { $count ->
    [0] { $role } may not read any sector of { $store }
   *[other] { $role } may read in { $store }: { $sectors }
}
console-store-copied = Copied { $rows ->
    [one] { $rows } row
   *[other] { $rows } rows
} and { $letters ->
    [one] { $letters } dead letter
   *[other] { $letters } dead letters
} to { $target }
console-store-sealed = { $count ->
    [one] { $count } body is encrypted; its key remains beside the original journal
   *[other] { $count } bodies are encrypted; their keys remain beside the original journal
}
console-store-equal = Equal: { $rows ->
    [one] { $rows } row
   *[other] { $rows } rows
} and { $letters ->
    [one] { $letters } dead letter
   *[other] { $letters } dead letters
}
console-store-fusion-copied = Copied { $alerts ->
    [one] { $alerts } alert
   *[other] { $alerts } alerts
}, { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} and { $estimates ->
    [one] { $estimates } track estimate
   *[other] { $estimates } track estimates
} to { $target }
console-store-fusion-equal = Equal: { $alerts ->
    [one] { $alerts } alert
   *[other] { $alerts } alerts
}, { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} and { $estimates ->
    [one] { $estimates } track estimate
   *[other] { $estimates } track estimates
}
console-store-audit-copied = Copied { $lines ->
    [one] { $lines } line
   *[other] { $lines } lines
} of { $days ->
    [one] { $days } day
   *[other] { $days } days
} of the audit log to { $target }; the signing key remains in its folder
console-store-audit-equal = Equal: { $lines ->
    [one] { $lines } line
   *[other] { $lines } lines
} of the audit log
console-store-accounts-copied = Copied { $accounts ->
    [one] { $accounts } account
   *[other] { $accounts } accounts
} to { $target }; the key of second factors remains in the data folder
console-store-accounts-equal = Equal: { $accounts ->
    [one] { $accounts } account
   *[other] { $accounts } accounts
}
console-simulating = Simulating the scenario…
console-simulated = { $messages ->
    [one] { $messages } message
   *[other] { $messages } messages
} of { $sensors ->
    [one] { $sensors } sensor
   *[other] { $sensors } sensors
} and { $targets ->
    [one] { $targets } target
   *[other] { $targets } targets
}: { $folder }
console-replayed-hashes = SHA-256 of the tracks: { $tracks }; of the alerts: { $alerts }
console-replayed = { $rows ->
    [one] { $rows } journal row
   *[other] { $rows } journal rows
}: { $tracks ->
    [one] { $tracks } confirmed track
   *[other] { $tracks } confirmed tracks
}, { $alerts ->
    [one] { $alerts } alert
   *[other] { $alerts } alerts
}
console-import-reading = Reading the recording…
console-import-no-empty-scans = No empty scans in the recording from: { $sensors }. { $rule ->
    [none] Breaks in their data are not treated as outages.
   *[other] Breaks of more than { DURATION($seconds) } in their data are treated as outages.
}
console-imported = { $scans ->
    [one] { $scans } scan
   *[other] { $scans } scans
} of { $sensors ->
    [one] { $sensors } sensor
   *[other] { $sensors } sensors
}: { $journal }
console-archived = { $scans ->
    [one] { $scans } scan
   *[other] { $scans } scans
} in { $files ->
    [one] { $files } file
   *[other] { $files } files
}: { $folder }
console-archive-tracked = { $files ->
    [one] { $files } file
   *[other] { $files } files
} of { $sectors ->
    [one] { $sectors } sector
   *[other] { $sectors } sectors
} tracked: { $folder }

## Dead letters

console-dead-letters = { $count ->
    [0] No dead letters.
    [one] { $count } dead letter
   *[other] { $count } dead letters, the newest { $shown } listed
}
console-journal-no-receipts = No message has been received yet.
console-dead-letters-code = Dead letters, { $code }: { $count }
console-resubmitted = { $count ->
    [one] { $count } dead letter
   *[other] { $count } dead letters
} resubmitted{ $outcomes ->
    [none] .
   *[other] : { $outcomes }.
}
console-resubmitted-outcome = { $count } { $outcome ->
    [journaled] journaled
    [duplicate] already known
    [dead_lettered] refused again
   *[other] { $outcome }
}
console-resubmitted-cut = { $count ->
    [one] { $count } dead letter was not kept in full and cannot be resubmitted.
   *[other] { $count } dead letters were not kept in full and cannot be resubmitted.
}

## Broker

console-broker-written = Sector { $sector }: { $certificates ->
    [one] { $certificates } new certificate
   *[other] { $certificates } new certificates
}, { $clients ->
    [one] { $clients } client
   *[other] { $clients } clients
}.
console-broker-listens = The broker listens at { $address }; clients reach it as { $hosts }.
console-broker-no-host = WARNING: clients that use another name or address refuse the broker's certificate; add --host NAME.
console-broker-authority-ends = WARNING: the certificate authority expires on { $day }, and every certificate with it; write a new folder before then.
console-broker-copy = Copy { $folder } to the broker's computer and start there: mosquitto -c { $file }
console-broker-owner = There the folder must belong to { $user }, the account that Mosquitto uses when started as root.
console-broker-owner-unknown = There the folder must belong to the account that runs Mosquitto: `mosquitto` when started as root, unless --user names another.
console-broker-identities = Copy one folder of { $folder } to each sensor and unit.
console-broker-authority = Move { $folder } to offline storage: with its key, anyone can issue valid certificates. Bring it back to renew or revoke them.
console-broker-next = When Mosquitto runs: watchline broker check { $address } --config { $folder }
console-broker-checking = Testing: { $step ->
    [receive] receiving
    [publish] publishing and retaining
    [takeover] client IDs
    [wills] last wills
   *[outsiders] connections that must be refused
}…
console-broker-matrix = ACL of { $address }: correct results / operations tried
console-broker-party = { $party ->
    [revoked] revoked certificate
    [expired] expired certificate
    [stranger] certificate of another authority
    [none] no certificate
    [plaintext] no TLS
   *[other] { $party }
}
console-broker-action = { $action ->
    [receive] receive
    [publish] publish
    [retain] retain
    [will] last will
    [connect] connect
   *[take_over] take over a session
}
console-broker-permitted = DEVIATION: { $party } can { $action }, which must be refused: { $where }
console-broker-refused = DEVIATION: { $party } cannot { $action }, which must be permitted: { $where }
console-broker-correct = All { $count } results are correct.
console-revoked-keys = { $name }: { $keys ->
    [one] { $keys } key revoked
   *[other] { $keys } keys revoked
}; ingest refuses its messages within a second.
console-revoked = { $name }: its key and { $certificates ->
    [one] { $certificates } certificate
   *[other] { $certificates } certificates
} revoked. { $reloaded ->
    [yes] Mosquitto is reloading its files.
   *[no] Copy { $folder } to the broker's computer and send SIGHUP to Mosquitto.
}

## Doctor

console-doctor-result = { $result ->
    [ok] ok
    [missing] MISSING
   *[absent] absent
}
console-doctor-item = { $item ->
    [python] Python
    [packages] packages
    [kernels] kernels
    [sample] sample sector
    [sqlite] SQLite
    [disk] disk
    [embedded] embedded broker
    [mosquitto] Mosquitto
    [chromium] Chromium
    [asterix] ASTERIX
    [stanag_4607] STANAG 4607
    [identity] keys and certificates
    [broker] broker
    [broker_certificate] certificate of the broker
   *[other] { $item }
}
console-doctor-error = { $error }
console-doctor-python = Python { $version } on { $system }, { $cores ->
    [one] { $cores } core
   *[other] { $cores } cores
}
console-doctor-packages = { $packages }
console-doctor-packages-missing = Missing: { $packages }
console-doctor-kernels = Compiled.
console-doctor-no-kernels = Not all compiled yet; the next start compiles them, which takes minutes. Compile them now: python -m ops.runtime.compile_kernels
console-doctor-sample = { $sector }; terrain { $terrain }
console-doctor-sqlite = SQLite { $version }, journal mode { $mode }
console-doctor-disk = { $free } GB free here (at least { $needed } GB needed)
console-doctor-embedded = iotcore { $version } started on { $host } and stopped.
console-doctor-program = { $path }
console-doctor-no-program = Not installed. { $name ->
    [mosquitto] It is the production broker, and the tests use it. Install it: apt-get install mosquitto
   *[chromium] The tests of the live map and the report use it. Install it: apt-get install chromium
}
console-doctor-optional = { $package } { $version }
console-doctor-no-optional = Not installed; needed to read { $standard ->
    [asterix] ASTERIX
   *[stanag_4607] STANAG 4607 (GMTI)
}. In the folder of the source code: pip install '.[{ $extra }]'; with a wheel: pip install 'FILE.whl[{ $extra }]'
console-doctor-identity = { $names ->
    [one] { $names } name with a key
   *[other] { $names } names with a key
}, { $revoked } revoked{ $missing_count ->
    [0] {""}
   *[other] ; no key for { $missing }
}{ $expired_count ->
    [0] {""}
   *[other] ; expired: { $expired }
}{ $soon_count ->
    [0] {""}
   *[other] ; expiring within { $days } days: { $soon }
}{ $valid ->
    [yes] ; none expires within { $days } days
   *[no] {""}
}
console-doctor-broker = { $broker } accepts the login and a subscription.
console-doctor-broker-certificate = { $state ->
    [different] Not that of { $folder }: copy this folder to the broker's computer and restart Mosquitto. Its present certificate expires on { $day }.
    [soon] Expires on { $day }. Renew it with `watchline broker config`, copy { $folder } to the broker's computer and restart Mosquitto.
   *[valid] Valid until { $day }.
}

## Sensors

console-sensor-not-in-layout = not in the layout
console-sensor-heard = { $node }, last message { $time }
console-sensor-acknowledgements = acknowledgements to the sensor
console-sensor-topic = { $topic }: { $formats }
console-sensor-node = SAPIENT node { $node } is registered as { $sensor }.
console-sensor-task = { $sensor }: newest task { $task }, { $answer ->
    [none] no answer yet
   *[other] { $answer }
}{ $reasons ->
    [none] {""}
   *[other] : { $reasons }
}
console-sensor-task-queued = Task { $task } queued for { $sensor }.
console-survey-never = not surveyed
console-survey-none = { $sensor } has no survey on record.
console-survey-written = { $layout } written; the position moved by { $metres } m. A running `watchline run` uses it after its next start.
console-calibrate-interval = { PERCENT($level) } intervals; looks at the same track are counted together.
console-calibrate-support = Only looks at tracks that another sensor detected before and after are counted{ $others ->
    [none] .
   *[other] ; not counted: { $others }.
}
console-calibrate-not-counted = { $count } of { $sensor }
console-calibrate-not-polled = Misses are unknown for sensors that send no empty scans: { $sensors }.
console-calibrate-ground = { $ground ->
    [level] level
    [sloping] sloping
    [steep] steep
    [unknown_ground] unknown
   *[other] { $ground }
}
console-calibrate-verdict = { $verdict ->
    [as_predicted] as predicted
    [worse] below prediction
    [better] above prediction
   *[too_few] too few
}

## What receivers did not get

console-feeds-dead-letters = { $count ->
    [0] No dead letters.
    [one] { $count } dead letter
   *[other] { $count } dead letters
}
console-feeds-replayed = { $count ->
    [one] { $count } dead letter is sent again to { $receiver }.
   *[other] { $count } dead letters are sent again to { $receiver }.
}

# `watchline cluster`

cluster-started = { $nation } is starting on { $workers ->
    [one] { $workers } worker
   *[other] { $workers } workers
}. (Ctrl-C stops it)
cluster-edge-sensors = { $count ->
    [one] 1 sensor has the border of a neighbouring sector in range and is not in that sector's layout
   *[other] { $count } sensors have the border of a neighbouring sector in range and are not in that sector's layout
}: { $sensors }. Terrain is not considered. Tracking at the edge is better if such a sensor sends to both sectors.
cluster-dashboard = Dask dashboard: { $address } (no login: every user of this machine can read it)
cluster-page-opening = Opening { $count ->
    [one] 1 sector
   *[other] { $count } sectors
}.
cluster-page-started = National page of { $nation }: { $address } (Ctrl-C stops it)
cluster-page-no-broker = Sectors cannot be opened from it: no broker is known. Expected { $file }, which `cluster run` writes, or --broker.
cluster-separated = { $action ->
    [separate] { $done ->
        [yes] { $incident } of { $sector } and { $before } of { $other } are separated.
       *[no] { $incident } of { $sector } and { $before } of { $other } were already separated; nothing was changed.
    }
   *[rejoin] { $done ->
        [yes] { $incident } of { $sector } and { $before } of { $other } are joined again.
       *[no] { $incident } of { $sector } and { $before } of { $other } were not separated; nothing was changed.
    }
}
cluster-machine-lost = { $sector }: no heartbeat from { $worker } on another machine. It can store nothing more, and the sector starts on another worker.
cluster-worker-started = { $machine } joins the cluster at { $scheduler }. (Ctrl-C gives its sectors back)
cluster-worker-waits = The scheduler at { $scheduler } does not answer ({ $reason }). This machine continues with its sectors and tries again.
cluster-worker-holds = { $sector } is live on this machine.
cluster-worker-leaving = Giving the sectors back.
cluster-stopping = Stopping the sectors.
cluster-sector-live = { $sector } is live on { $worker }.
cluster-sector-live-again = { $sector } is live again on { $worker }, after { NUMBER($seconds, maximumFractionDigits: 1) } s.
cluster-worker-lost = { $sector }: no heartbeat from { $worker }. It is stopped, and the sector starts on another worker.
cluster-sector-failed = { $sector } could not be run: { $reason } Next attempt in { $seconds } s.
cluster-sector-interrupted = { $sector } is not live: one of its processes ended and is started again. See its log.
cluster-sector-suspect = { $sector } lost its worker { $count } times, and may be what ends it. Next attempt in { $seconds } s, apart from other sectors if there is a worker without any.
cluster-sector-waits-failed = { $sector } is down: { $reason } Next start: { $at }.
cluster-sector-waits-lost = { $sector } is down: it lost its worker { $count } times, and may be what ends it. Next start: { $at }.
cluster-order-withdrawn = { $sector } is given to another worker: { $worker } is not heard of.
cluster-store-problem = The store does not answer as expected: { $reason } Sectors that lose their connection are restarted.
cluster-holder-stays = { $reason }
cluster-sector-moved = { $sector } was moved to { $worker }; it was not live for { NUMBER($seconds, maximumFractionDigits: 1) } s.
