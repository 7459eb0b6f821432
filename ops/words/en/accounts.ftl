# The pages of login and account, and what the command line prints about people.

accounts-language = Language
accounts-language-name = { $language ->
    [fr] Français
   *[en] English
}
accounts-page-problem = This page cannot be shown
accounts-page-again = Open it without these parameters
accounts-page-first = First page
accounts-log-in = Log in
accounts-log-in-with = Log in with { $provider }
accounts-log-out = Log out
accounts-login-name = Name
accounts-password-or-secret = Password or one-time secret
accounts-begin-again = Start again
accounts-code = Second-factor code
accounts-code-hint = Six digits from your authenticator app

## Why a login is refused

accounts-problem = { $reason ->
    [wrong] The name or the password is wrong.
    [code] The code is wrong or has been used. Wait for the next one.
    [wait] Too many failed logins. Try again in { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }.
    [busy] Too many people are logging in at the moment. Try again in a few seconds.
    [ended] The login took too long. Start again.
    [old-wrong] The current password is wrong.
    [different] The two new passwords do not match.
    [common] This password is on a list of common passwords. Choose one that is harder to guess.
    [purpose] The purpose cannot be recorded: enter 3 to 200 characters.
    [password] This password is not accepted: use at least { $least } characters, without any part of your name or “watchline”.
    [no-role] Your identity provider assigns you no role in Watchline. Ask your administrator.
    [locked] This account is locked. Ask your administrator.
    [name] Your identity provider sent a name that Watchline cannot display. Ask your administrator.
    [token] The identity provider’s answer is not valid. Log in again.
   *[provider] The identity provider cannot be reached. Try again later, or log in with a password.
}

## Why the national page does not open a sector

accounts-no-centre = { $reason ->
    [hidden] You may not see this sector.
    [broker] The operations centre of this sector cannot be opened: this server has no broker to send actions to.
    [many] The operations centre of this sector cannot be opened: { $most ->
        [one] 1 is
       *[other] { $most } are
    } open and in use, as many as --centres allows.
    [log] The operations centre of this sector cannot be opened: { $detail }
   *[start] The operations centre of this sector cannot be opened: its process did not start; the log of the server states why.
}

## Account

accounts-title = Your account
accounts-who = Logged in as { $name } ({ $login }).
accounts-role = { $role ->
    [viewer] Viewer
    [operator] Operator
    [supervisor] Supervisor
    [planner] Planner
    [analyst] Analyst
    [auditor] Auditor
    [admin] Administrator
   *[other] { $role }
}
accounts-role-in = { $scope ->
    [all] { accounts-role } in all sectors
   *[sector] { accounts-role } in { $sector }
}
accounts-no-role = No role
accounts-home = Open Watchline
accounts-save = Save
accounts-set-password = Set a password
accounts-change-password = Change password
accounts-old-password = Current password
accounts-new-password = New password
accounts-new-password-again = Confirm new password
accounts-new-password-hint = At least { $least } characters; a sentence is easy to remember.
accounts-second-factor = Second factor
accounts-second-factor-state = { $on ->
    [yes] A code from your authenticator app is required at each login.
   *[no] No second factor is required at login.
}
accounts-second-factor-set-up = Set up a second factor
accounts-second-factor-scan = Scan the QR code with an authenticator app, then enter the code that the app shows.
accounts-second-factor-picture = QR code for the authenticator app
accounts-second-factor-key = Or enter this key in the app:
accounts-second-factor-on = Switch on
accounts-second-factor-off = Switch off
accounts-sessions = Active sessions
accounts-session = { $kind ->
    [program] Program, since { DATETIME($began) }, last used { DATETIME($seen) }
   *[browser] Browser, since { DATETIME($began) }, last used { DATETIME($seen) }, from { $address }
}
accounts-session-own = This browser
accounts-session-end = End
accounts-session-end-of = End the session of { DATETIME($began) }
accounts-done = { $what ->
    [password] Your password has been set; all other sessions have ended.
    [second-factor] The second factor has been set up; all other sessions have ended.
    [purpose] The purpose has been set for this session.
   *[sessions] The session has ended.
}

## Command line

accounts-first-admin = First start: log in as admin with the one-time secret { $secret } (single use, valid for 24 hours) and set a password.
accounts-tls-fingerprint = TLS certificate: SHA-256 fingerprint { $fingerprint }
accounts-demo = Demonstration: everyone on this computer is logged in as { $name }.
accounts-secret = One-time secret for { $login }: { $secret } (single use, valid for 24 hours)
accounts-token = Token for programs of { $login }, shown once: { $token }
accounts-added = Account { $login } added.
accounts-reset = Account { $login } reset: password and second factor erased; its sessions have ended.
accounts-removed = Account { $login } removed.
accounts-locked = Account { $login } locked; its sessions have ended.
accounts-unlocked = Account { $login } unlocked.
accounts-roles-set = Roles of { $login }: { $roles }
accounts-sessions-ended = { $count ->
    [one] { $count } session of { $login } ended.
   *[other] { $count } sessions of { $login } ended.
}
accounts-none = No accounts yet.
accounts-state = { $state ->
    [locked] locked
    [no-password] no password yet
   *[ok] active
}
accounts-yes-no = { $value ->
    [yes] yes
   *[no] no
}
accounts-releasability-set = Account { $login } receives markings up to: { $marking }.
accounts-purpose = Purpose
accounts-purpose-now = Everything you read in this session is recorded with the purpose “{ $purpose }”.
accounts-purpose-new = New purpose
accounts-purpose-hint = For example a case number. Empty: “{ $purpose }”, the default of your role.
