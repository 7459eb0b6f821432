// The map takes its colours from the style sheet, so that page and map speak the same colours, by day and by night.

const NAMES = {
  ground: "--map-ground",
  mapPaper: "--map-paper",
  contour: "--map-contour",
  road: "--map-road",
  roadEdge: "--map-road-edge",
  water: "--map-water",
  grid: "--map-grid",
  place: "--map-place",
  ink: "--map-ink",
  halo: "--map-halo",
  border: "--map-border",
  view: "--map-view",
  calm: "--track-calm",
  alert: "--track-alert",
  sensor: "--sensor",
  unit: "--unit",
  select: "--select",
  lost: "--lost",
  distress: "--distress",
  high: "--high",
  medium: "--medium",
  low: "--low",
  onPriority: "--on-priority",
} as const;

export type Colours = Readonly<Record<keyof typeof NAMES, string>> & { readonly night: boolean };

export function readColours(root: HTMLElement): Colours {
  const style = getComputedStyle(root);
  const named = Object.entries(NAMES).map(([name, property]) => [
    name,
    style.getPropertyValue(property).trim() || "gray",
  ]);
  return {
    ...(Object.fromEntries(named) as Record<keyof typeof NAMES, string>),
    night: root.dataset["palette"] === "night",
  };
}
