// The person's part of the header: the way to the account, and out. A server without accounts has neither.

import { actWithoutLogin } from "../net/api.ts";
import { logOut, whoAmI } from "../net/login.ts";
import { part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";

/** Returns the role of the person; empty where it is not known. */
export async function showPerson(): Promise<string> {
  const person = await whoAmI();
  if (person === null) return "";
  document.documentElement.dataset["role"] = person.role;
  if (!person.login) {
    actWithoutLogin();
    return person.role;
  }
  const account = part("account");
  account.title = say("page-account-of", { name: person.name, role: person.role });
  setText(account, person.name);
  account.hidden = false;
  const button = part("log-out");
  button.hidden = false;
  button.addEventListener("click", () => void logOut(person));
  return person.role;
}
