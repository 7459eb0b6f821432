import assert from "node:assert/strict";
import { test } from "node:test";
import { following } from "../src/model/turns.ts";

test("what lies at a place is taken in turns", () => {
  const found = ["alert 1", "cluster", "track 7"];
  assert.equal(following(found, null), "alert 1");
  assert.equal(following(found, "alert 1"), "cluster");
  assert.equal(following(found, "cluster"), "track 7");
  assert.equal(following(found, "track 7"), "alert 1");
});

test("what is drawn meanwhile, or no longer, does not change whose turn it is", () => {
  assert.equal(following(["alert 1", "cluster"], "alert 1"), "cluster");
  assert.equal(following(["cluster", "track 7"], "alert 1"), "cluster");
  assert.equal(following(["alert 1"], "alert 1"), "alert 1");
  assert.equal(following([], "alert 1"), null);
});
