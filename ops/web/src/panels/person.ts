// The person's part of the header: the way to the account, and out, and what the person may open. A server without
// accounts has no accounts to show.

import { actWithoutLogin, isPassing } from "../net/api.ts";
import { logOut, whoAmI, type Person } from "../net/login.ts";
import { part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";

const AGAIN_MS = 2_000;

/** Returns the person once the server says who it is; null where the answer cannot be read. */
export async function showPerson(): Promise<Person | null> {
  const person = await known();
  if (person === null) return null;
  document.documentElement.dataset["role"] = person.role;
  for (const node of document.querySelectorAll<HTMLElement>("[data-right]"))
    node.hidden = !person.rights.has(node.dataset["right"] ?? "");
  if (!person.login) {
    actWithoutLogin();
    return person;
  }
  const account = part("account");
  account.title = say("page-account-of", { name: person.name, role: person.role });
  setText(account, person.name);
  account.hidden = false;
  const button = part("log-out");
  button.hidden = false;
  button.onclick = () => void logOut(person);
  return person;
}

/** Asked again while the server does not answer, such as while it is started again. */
async function known(): Promise<Person | null> {
  for (;;) {
    try {
      return await whoAmI();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
