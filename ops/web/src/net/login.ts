// Who the person at this page is, and the way to the login page when the login has ended.

import { list, object, text } from "../model/parse.ts";
import { forgetTab } from "../ui/preferences.ts";
import { getJson, setLoggingOut } from "./api.ts";

export interface Person {
  readonly name: string;
  /** What the person logs in by: two persons may have one name. */
  readonly account: string;
  readonly role: string;
  /** False on a server without accounts, such as a demonstration's. */
  readonly login: boolean;
  readonly formToken: string;
  /** What the person may do in this sector, by the names of ops/accounts/rights.py. */
  readonly rights: ReadonlySet<string>;
}

export async function whoAmI(): Promise<Person | null> {
  const body = object(await getJson("/v1/me"));
  if (body === null) return null;
  return {
    name: text(body["name"], 80),
    account: text(body["account"], 80),
    role: text(body["role"], 20),
    login: body["login"] === true,
    formToken: text(body["form_token"], 64),
    rights: new Set(list(body["rights"]).map((right) => text(right, 20))),
  };
}

/** Ends the login, and what this tab keeps of the person's work; the login page follows. */
export async function logOut(person: Person): Promise<void> {
  const body = new URLSearchParams({ form_token: person.formToken });
  setLoggingOut(true);
  try {
    await fetch("/logout", { method: "POST", body, credentials: "same-origin", redirect: "manual" });
  } catch (error) {
    setLoggingOut(false);
    throw error;
  }
  forgetTab();
  location.assign("/login");
}
