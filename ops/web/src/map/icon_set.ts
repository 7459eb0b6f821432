// The icons of APP-6 that the pages draw. The build leaves all others out of the library, which has ten times as many as the rest.

export interface DrawnIcon {
  /** As the library calls it. */
  readonly icon: string;
  /** Lower edge of its box in the library's units; 150 if it is not stated. */
  readonly bottom?: number;
}

/** By symbol set and entity: civilian individual and group; automobile, pack animal and sensors. */
export const ICONS: Readonly<Record<string, Readonly<Record<string, DrawnIcon>>>> = {
  "11": { "110300": { icon: "ST.IC.INDIVIDUAL" }, "110400": { icon: "ST.IC.GROUP" } },
  "15": {
    "160100": { icon: "GR.EQ.CIVILIAN VEHICLE.AUTOMOBILE", bottom: 132.5 },
    "180000": { icon: "GR.EQ.PACK ANIMAL", bottom: 125 },
    "220100": { icon: "GR.EQ.SENSOR", bottom: 140 },
    "220200": { icon: "GR.EQ.SENSOR EMPLACED", bottom: 136 },
    "220300": { icon: "GR.IC.RADAR", bottom: 120 },
  },
};

export const ICON_NAMES: ReadonlySet<string> = new Set(Object.values(ICONS).flatMap((entities) => Object.values(entities).map(({ icon }) => icon)));

type Table = Record<string, unknown>;

/** Fills the library's tables of icons and boxes by entity, as its own sets do. */
export function iconSet(icons: Table, _one: Table, _two: Table, boxes: Table, symbolSet: string, parts: Table): void {
  for (const [entity, { icon, bottom }] of Object.entries(ICONS[symbolSet] ?? {})) {
    icons[entity] = [parts[icon]];
    if (bottom !== undefined) boxes[entity] = { x1: 50, x2: 150, y1: 50, y2: bottom };
  }
}
