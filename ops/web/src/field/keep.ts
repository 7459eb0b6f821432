// What this phone holds, in IndexedDB: the last state, answers and positions on their way, the map. Answers come first:
// when the storage is full, the map makes room for them.

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Answer } from "./queue.ts";

const NAME = "watchline-field";

export interface Enrolment {
  readonly unit: string;
  readonly device: string;
}

/** The server's last state as it came, when this phone asked for it and received it, and its entity tag. */
export interface KeptState {
  readonly raw: unknown;
  readonly etag: string;
  readonly sentMs: number;
  readonly receivedMs: number;
}

export interface PositionBody {
  readonly at: string;
  readonly lon?: number;
  readonly lat?: number;
  readonly position_sd_m?: number;
  readonly distress?: boolean;
  readonly note?: string;
}

export interface KeptPosition {
  readonly order: number;
  readonly unit: string;
  readonly body: PositionBody;
}

/** A distress call of this phone. `taken`: the server took it; `arrivedMs` null: sent again until the state shows it. */
export interface KeptCall {
  readonly unit: string;
  readonly firstMs: number;
  readonly tries: number;
  readonly taken: boolean;
  readonly arrivedMs: number | null;
}

/** The map of the server as it came, when its tiles were loaded and whether all are kept, and how old the rest is. */
export interface KeptArea {
  readonly raw: unknown;
  readonly keptMs: number;
  readonly areasMs?: number;
  readonly complete: boolean;
}

interface Facts {
  enrolment: Enrolment;
  state: KeptState;
  contactMs: number;
  area: KeptArea;
  sharing: boolean;
  call: KeptCall | null;
  seen: readonly string[];
}

interface Schema extends DBSchema {
  facts: { key: string; value: Facts[keyof Facts] };
  answers: { key: number; value: Answer };
  positions: { key: number; value: KeptPosition };
  tiles: { key: string; value: ArrayBuffer };
}

/** Full, or of no use: what was to be kept is then held by the page only; empty: neither any more. */
export type Trouble = "full" | "unusable" | "";

/** Storage of this phone. `onTrouble`: it has another trouble, and whether the map was removed for it (null: as before). */
export class Keep {
  #database: IDBPDatabase<Schema> | null = null;
  /** The browser closed the database by itself: it is opened again once it is needed. */
  #closed = false;
  #opening: Promise<void> | null = null;
  /** Since `erase` until the next enrolment nothing is kept: what was under way for the last unit leaves no trace. */
  #erased = false;
  readonly #onTrouble: (trouble: Trouble, mapRemoved: boolean | null) => void;
  /** Called when the map was removed to make room. */
  onMapRemoved = (): void => undefined;

  constructor(onTrouble: (trouble: Trouble, mapRemoved: boolean | null) => void) {
    this.#onTrouble = onTrouble;
  }

  async open(): Promise<void> {
    try {
      this.#database = await openDB<Schema>(NAME, 1, {
        upgrade(database) {
          database.createObjectStore("facts");
          database.createObjectStore("answers", { keyPath: "order" });
          database.createObjectStore("positions", { keyPath: "order" });
          database.createObjectStore("tiles");
        },
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
        terminated: () => { // Safari closes it while a phone sleeps
          this.#database = null;
          this.#closed = true;
        },
      });
      if (this.#closed) this.#onTrouble("", null);
      this.#closed = false;
      await navigator.storage?.persist?.().catch(() => false);
    } catch {
      this.#onTrouble("unusable", false);
    }
  }

  async fact<K extends keyof Facts>(name: K): Promise<Facts[K] | null> {
    return ((await this.#read((database) => database.get("facts", name))) as Facts[K] | undefined) ?? null;
  }

  async keepFact<K extends keyof Facts>(name: K, value: Facts[K]): Promise<boolean> {
    if (name === "enrolment") this.#erased = false;
    return this.#write((database) => database.put("facts", value, name));
  }

  async answers(): Promise<readonly Answer[]> {
    return (await this.#read((database) => database.getAll("answers"))) ?? [];
  }

  /** Whether all are on the disk of this phone. */
  async keepAnswers(answers: readonly Answer[], gone: readonly number[] = []): Promise<boolean> {
    return this.#write(async (database) => {
      const change = database.transaction("answers", "readwrite", { durability: "strict" });
      for (const answer of answers) void change.store.put(answer);
      for (const order of gone) void change.store.delete(order);
      await change.done;
    });
  }

  async positions(): Promise<readonly KeptPosition[]> {
    return (await this.#read((database) => database.getAll("positions"))) ?? [];
  }

  async keepPositions(positions: readonly KeptPosition[], gone: readonly number[] = []): Promise<boolean> {
    return this.#write(async (database) => {
      const change = database.transaction("positions", "readwrite");
      for (const position of positions) void change.store.put(position);
      for (const order of gone) void change.store.delete(order);
      await change.done;
    });
  }

  async tile(key: string): Promise<ArrayBuffer | null> {
    return (await this.#read((database) => database.get("tiles", key))) ?? null;
  }

  async tileKeys(): Promise<ReadonlySet<string>> {
    return new Set((await this.#read((database) => database.getAllKeys("tiles"))) ?? []);
  }

  /** False: no room; the map is then held in part. */
  async keepTile(key: string, body: ArrayBuffer): Promise<boolean> {
    const database = await this.#opened();
    if (database === null || this.#erased) return false;
    try {
      await database.put("tiles", body, key);
      return true;
    } catch {
      if (!this.#erased) this.#onTrouble("full", false);
      return false;
    }
  }

  /** The whole map is kept: there is room again. */
  mapKept(): void {
    this.#onTrouble("", false);
  }

  async dropTiles(keys: readonly string[]): Promise<void> {
    await this.#write(async (database) => {
      const change = database.transaction("tiles", "readwrite");
      for (const key of keys) void change.store.delete(key);
      await change.done;
    });
  }

  async clearTiles(): Promise<void> {
    await this.#database?.clear("tiles").catch(() => undefined);
  }

  /** Delete everything that this phone holds. */
  async erase(): Promise<void> {
    this.#erased = true;
    this.#database?.close();
    this.#database = null;
    this.#closed = false;
    try {
      await deleteDB(NAME, { blocked: () => undefined });
    } catch {
      this.#onTrouble("unusable", false);
    }
  }

  async #opened(): Promise<IDBPDatabase<Schema> | null> {
    if (this.#closed) {
      this.#opening ??= this.open();
      await this.#opening;
      this.#opening = null;
    }
    return this.#database;
  }

  async #read<T>(read: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T | null> {
    const database = await this.#opened();
    if (database === null) return null;
    try {
      return await read(database);
    } catch {
      this.#onTrouble("unusable", false);
      return null;
    }
  }

  /** Whether it was kept. If the storage is full, the map is deleted for it. */
  async #write(write: (database: IDBPDatabase<Schema>) => Promise<unknown>): Promise<boolean> {
    const database = await this.#opened();
    if (database === null || this.#erased) return false;
    try {
      await write(database);
      return true;
    } catch (error) {
      if (this.#erased) return false;
      if (!isFull(error)) {
        this.#onTrouble("unusable", false);
        return false;
      }
    }
    const had = (await database.count("tiles").catch(() => 0)) > 0;
    await this.clearTiles();
    if (had) this.onMapRemoved();
    try {
      await write(database);
      if (had) this.#onTrouble("full", true);
      return true;
    } catch {
      this.#onTrouble("full", had);
      return false;
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
