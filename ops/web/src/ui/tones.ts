// Sounds of alerts, made by the browser itself: the more urgent, the more and the higher.

import type { Priority } from "../model/records.ts";

/** Pitches in hertz, one after the other. */
export const TONES: Readonly<Record<Priority, readonly number[]>> = {
  distress: [880, 660, 880, 660, 880],
  high: [740, 880, 740],
  medium: [590, 590],
  low: [440],
};
const TONE_S = 0.16;
const PAUSE_S = 0.07;
const VOLUME = 0.25;

export function playTones(context: AudioContext, pitches: readonly number[]): void {
  pitches.forEach((pitch, index) => tone(context, pitch, context.currentTime + index * (TONE_S + PAUSE_S)));
}

function tone(context: AudioContext, pitch: number, startS: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0, startS);
  volume.gain.linearRampToValueAtTime(VOLUME, startS + 0.01);
  volume.gain.setValueAtTime(VOLUME, startS + TONE_S - 0.03);
  volume.gain.linearRampToValueAtTime(0, startS + TONE_S);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(startS);
  oscillator.stop(startS + TONE_S);
}
