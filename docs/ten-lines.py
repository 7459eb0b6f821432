from ops.drawing.sector_map import sector_map
from ops.sector.open_sector import open_sector
from sensors.coverage import coverage
from sensors.gaps import runs_below, segment_detection

ground = open_sector("cumberland")  # or your own: open_sector("andorra", "towers")
covered = coverage(ground.layout, ground.terrain, ground.border, target="person", conditions="night")
crossing = segment_detection(covered, ground.terrain, ground.border, belt_m=ground.sector.belt_m)
for gap in runs_below(crossing, 0.9):
    print(f"km {gap.start_m / 1000:.1f} to {gap.end_m / 1000:.1f}: Pd {gap.least_probability:.0%} at worst")
sector_map(ground, crossing["detection_probability"], label="Pd of a crossing at night").savefig("gaps.png")
