# Words that several areas use. Parameters are in SI units; the functions (DISTANCE, HEIGHT, SPEED, DURATION, PERCENT,
# PROBABILITY, BEARING, CHAINAGE, TIME, DATETIME, DECIMAL) write them as the language and the chosen units require.

target-class = { $class ->
    [person] person on foot
    [group] group
    [vehicle] vehicle
    [animal] animal
    [other] other
   *[unknown] unclassified
}

list = { $names }
# The last item of a list that names only the first of many: “a, b and 4 more”.
list-others = { $count ->
    [one] 1 more
   *[other] { $count } more
}

compass = { $heading ->
    [n] N
    [ne] NE
    [e] E
    [se] SE
    [s] S
    [sw] SW
    [w] W
    [nw] NW
   *[none] –
}

## States of the processes of a room

part-ended = { $cause ->
    [error] { $part } ended: { $words } Log: { $log }.
    [log] { $part } ended with code { $code }. Last log line: { $words } Log: { $log }.
   *[none] { $part } ended with code { $code }. Log: { $log }.
}
part-given-up = { part-ended } It failed { $failures } times in { $minutes } min and will not be restarted. Find the cause, then restart Watchline.
part-stopped = stopped, is being restarted
part-stopped-for-good = stopped { $failures } times in { $minutes } min, is not restarted any more
part-not-started = { $part } cannot be started ({ $reason }).
part-silent = has given no sign of life for { $seconds } s
part-problem = { $problem }
part-compiling-kernels = starting: compiling kernels
clauses = { $before }; { $next }
