# Pictures of an incident, and what people see on them.

pictures-title = Pictures
pictures-none = No pictures of this incident.
pictures-count = { $number } of { $count }
pictures-newer = Newer picture
pictures-older = Older picture
# Text instead of the picture, for people who do not see it.
pictures-alt = Picture by { $sensor } at { $time }
pictures-clip-alt = Clip by { $sensor } at { $time }
pictures-from = Picture by
pictures-time = Taken at
pictures-bearing = Azimuth
pictures-reported = Reported class
pictures-assessed = Assessment
pictures-assessed-by = { pictures-shown }, by { $by }
pictures-not-assessed = not assessed
pictures-blurred = Object blurred and the rest coarse: only people who may act on incidents see the picture as it was taken.
# The keys 1 to 5 press these buttons.
pictures-assess = { $key } { $shown ->
    [person] Person
    [vehicle] Vehicle
    [animal] Animal
    [nothing] Nothing
   *[unclear] Unclear
}
pictures-shown = { $shown ->
    [person] person
    [vehicle] vehicle
    [animal] animal
    [nothing] nothing
   *[unclear] unclear
}
picture-problem = { $problem ->
    [waiting] The picture is being fetched.
    [unreachable] The picture cannot be fetched now; further attempts follow.
    [full] The server’s disk is full; the picture will be fetched once there is space.
    [disk] The server’s disk failed; further attempts follow.
    [address] Not fetched: the address is not valid.
    [network] Not fetched: the address is outside the allowed networks.
    [no_drop] Not fetched: no drop folder is set up.
    [redirect] Not fetched: the sensor redirects to another address.
    [refused] Not fetched: the sensor refuses the request.
    [too_large] Not fetched: the file is larger than allowed.
    [size] Not stored: the file does not have the reported size.
    [hash] Not stored: the file does not have the reported SHA-256.
    [type] Not stored: the file is not of the reported type.
    [pixels] Not stored: the picture has too many pixels.
    [frames] Not stored: the file holds more than one picture.
    [erased] Not stored: the records of that day have been erased.
    [clip] Not shown: a clip cannot be blurred, and only people who may act on incidents see it.
   *[broken] Not stored: the file is damaged.
}

## Looks of cameras

looks-title = Cameras
# The key W presses the first of these buttons.
looks-turn = Turn { $camera }, ready in { DURATION($time) }
looks-unsure = line of sight unknown
looks-state = { $camera }, azimuth { $bearing }{ $elevation ->
    [none] {""}
   *[other] , elevation { $elevation }
}: { $state ->
    [requested] requested
    [sent] sent
    [accepted] accepted
    [done] done
    [refused] refused by the camera
   *[failed] failed: { $code ->
        [not_registered] the camera is not connected
        [no_answer] no answer
        [unreachable] the camera cannot be reached
        [credentials] user name or password refused
        [not_there] the camera does not reach this direction
       *[by_camera] the camera reports a failure
    }
}
looks-by-rule = automatic
