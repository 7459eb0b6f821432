# Items of the shipped equipment catalogue; an item of an own catalogue is shown as its author named it.

equipment-item-name = { $item ->
    [ift_radar] fixed tower with radar
    [ift_camera] fixed tower with camera
    [rvss_camera] remote video tower
    [msc_truck] surveillance truck
    [mss_truck] earlier surveillance truck
    [ast_tower] autonomous tower
    [aerostat_camera] aerostat with camera
    [aerostat_radar] aerostat with radar
    [portable_radar] portable radar
    [seismic] seismic sensor
    [seismic_line] seismic line
    [infrared] infrared sensor
    [acoustic] acoustic sensor
    [trail_camera] trail camera
    [naked_eye] observer without optics
    [binoculars] observer with binoculars
    [handheld_thermal] post with thermal camera
    [observation_post] observation post
    [radio_relay] radio relay
    [foot_patrol] foot patrol
    [vehicle_patrol] vehicle patrol
    [dog_team] dog team
    [small_drone] small drone
    [large_drone] large drone
    [fence_and_light] fence and light
    [sbinet] SBInet
    [sbinet_first_block] SBInet, first block
    [project_28] Project 28
    [isis] ISIS
   *[other] { $name }
}

equipment-item-title = { $item ->
    [ift_radar] Fixed tower: radar, mast, power and link
    [ift_camera] Fixed tower: thermal camera, 100 mm
    [rvss_camera] Remote video surveillance: day and thermal camera on a tower
    [msc_truck] Mobile surveillance truck: radar and camera on a raised mast
    [mss_truck] Earlier mobile surveillance system
    [ast_tower] Autonomous surveillance tower: solar, camera and radar, onboard classification
    [aerostat_camera] Tactical aerostat with camera
    [aerostat_radar] Tactical aerostat with radar
    [portable_radar] Portable ground radar
    [seismic] Seismic ground sensor
    [seismic_line] Seismic line: ten nodes, direction from pairs of geophones
    [infrared] Passive infrared ground sensor
    [acoustic] Acoustic ground sensor
    [trail_camera] Trail camera with a radio link
    [naked_eye] Observer without optics, by day
    [binoculars] Observer with 7x binoculars, by day
    [handheld_thermal] Observation post with handheld thermal camera, 35 mm
    [observation_post] Observation post: timber tower, binoculars by day, thermal camera at night, radio, two people
    [radio_relay] Radio relay: solar, on a mast that two people put up
    [foot_patrol] Foot patrol: two people
    [vehicle_patrol] Vehicle patrol: two people
    [dog_team] Dog and handler
    [small_drone] Small drone with thermal camera, one pilot
    [large_drone] Predator-class drone, per orbit of 2,000 flight hours per year
    [fence_and_light] Fence and light, per 500 m
    [sbinet] SBInet, whole programme
    [sbinet_first_block] SBInet first block: footprint and acceptance
    [project_28] Project 28: nine towers of 98 ft
    [isis] ISIS, before SBInet
   *[other] { $title }
}
