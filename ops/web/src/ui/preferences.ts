// What a person chose on this computer. Nothing of the picture is kept; where nothing may be kept, defaults hold.

const PREFIX = "watchline.";

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // private windows and full disks: the choice lasts as long as the page
  }
}

/** What is kept until this tab is closed or the person logs out on a page of it, such as work under way. */
export function keptInTab(name: string): string | null {
  try {
    return sessionStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keepInTab(name: string, value: string): void {
  try {
    sessionStorage.setItem(PREFIX + name, value);
  } catch {
    // it lasts as long as the page
  }
}

export function forgetTab(): void {
  try {
    sessionStorage.clear();
  } catch {
    // nothing is kept there
  }
}
