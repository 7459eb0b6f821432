# Les pages de connexion et de compte, et ce que la ligne de commande affiche sur les personnes.

accounts-language = Langue
accounts-language-name = { $language ->
    [fr] Français
   *[en] English
}
accounts-page-problem = Cette page ne peut pas être affichée
accounts-page-again = L’ouvrir sans ces paramètres
accounts-page-first = Première page
accounts-log-in = Se connecter
accounts-log-in-with = Se connecter avec { $provider }
accounts-log-out = Se déconnecter
accounts-login-name = Identifiant
accounts-password-or-secret = Mot de passe ou secret à usage unique
accounts-begin-again = Recommencer
accounts-code = Code du second facteur
accounts-code-hint = Six chiffres affichés par votre application d’authentification

## Why a login is refused

accounts-problem = { $reason ->
    [wrong] L’identifiant ou le mot de passe est incorrect.
    [code] Le code est incorrect ou a déjà servi. Attendez le suivant.
    [wait] Trop d’échecs de connexion. Réessayez dans { $seconds ->
        [one] { $seconds } seconde
       *[other] { $seconds } secondes
    }.
    [busy] Trop de connexions en cours. Réessayez dans quelques secondes.
    [ended] La connexion a pris trop de temps. Recommencez.
    [old-wrong] Le mot de passe actuel est incorrect.
    [different] Les deux nouveaux mots de passe ne correspondent pas.
    [common] Ce mot de passe figure sur une liste de mots de passe courants. Choisissez-en un plus difficile à deviner.
    [purpose] La finalité ne peut pas être consignée : indiquez 3 à 200 caractères.
    [password] Ce mot de passe est refusé : utilisez au moins { $least } caractères, sans aucune partie de votre nom ni « watchline ».
    [no-role] Votre fournisseur d’identité ne vous attribue aucun rôle dans Watchline. Adressez-vous à votre administrateur.
    [locked] Ce compte est verrouillé. Adressez-vous à votre administrateur.
    [name] Votre fournisseur d’identité indique un nom que Watchline ne peut pas afficher. Adressez-vous à votre administrateur.
    [token] La réponse du fournisseur d’identité n’est pas valide. Reconnectez-vous.
   *[provider] Le fournisseur d’identité est injoignable. Réessayez plus tard ou utilisez un mot de passe.
}

## Pourquoi la page nationale n’ouvre pas un secteur

accounts-no-centre = { $reason ->
    [hidden] Vous n’avez pas accès à ce secteur.
    [broker] Le centre d’opérations de ce secteur ne peut pas être ouvert : ce serveur n’a pas de broker auquel envoyer les actions.
    [many] Le centre d’opérations de ce secteur ne peut pas être ouvert : { $most ->
        [one] { $most } est ouvert et utilisé
       *[other] { $most } sont ouverts et utilisés
    }, le maximum que permet --centres.
    [log] Le centre d’opérations de ce secteur ne peut pas être ouvert : { $detail }
   *[start] Le centre d’opérations de ce secteur ne peut pas être ouvert : son processus n’a pas démarré ; le journal du serveur en indique la cause.
}

## Account

accounts-title = Votre compte
accounts-who = Connecté en tant que { $name } ({ $login }).
accounts-role = { $role ->
    [viewer] Lecteur
    [operator] Opérateur
    [supervisor] Superviseur
    [planner] Planificateur
    [analyst] Analyste
    [auditor] Auditeur
    [admin] Administrateur
   *[other] { $role }
}
accounts-role-in = { $scope ->
    [all] { accounts-role } dans tous les secteurs
   *[sector] { accounts-role } dans { $sector }
}
accounts-no-role = Aucun rôle
accounts-home = Ouvrir Watchline
accounts-save = Enregistrer
accounts-set-password = Choisir un mot de passe
accounts-change-password = Changer le mot de passe
accounts-old-password = Mot de passe actuel
accounts-new-password = Nouveau mot de passe
accounts-new-password-again = Confirmation du nouveau mot de passe
accounts-new-password-hint = Au moins { $least } caractères ; une phrase se retient facilement.
accounts-second-factor = Second facteur
accounts-second-factor-state = { $on ->
    [yes] Un code de votre application d’authentification est exigé à chaque connexion.
   *[no] Aucun second facteur n’est exigé à la connexion.
}
accounts-second-factor-set-up = Configurer un second facteur
accounts-second-factor-scan = Scannez le code QR avec une application d’authentification, puis saisissez le code affiché.
accounts-second-factor-picture = Code QR pour l’application d’authentification
accounts-second-factor-key = Ou saisissez cette clé dans l’application :
accounts-second-factor-on = Activer
accounts-second-factor-off = Désactiver
accounts-sessions = Sessions actives
accounts-session = { $kind ->
    [program] Programme, depuis le { DATETIME($began) }, dernière utilisation le { DATETIME($seen) }
   *[browser] Navigateur, depuis le { DATETIME($began) }, dernière utilisation le { DATETIME($seen) }, depuis { $address }
}
accounts-session-own = Ce navigateur
accounts-session-end = Fermer
accounts-session-end-of = Fermer la session du { DATETIME($began) }
accounts-done = { $what ->
    [password] Votre mot de passe est enregistré ; toutes les autres sessions sont fermées.
    [second-factor] Le second facteur est configuré ; toutes les autres sessions sont fermées.
    [purpose] La finalité de cette session est enregistrée.
   *[sessions] La session est fermée.
}

## Command line

accounts-first-admin = Premier démarrage : connectez-vous comme admin avec le secret à usage unique { $secret } (valable une seule fois, pendant 24 heures) et choisissez un mot de passe.
accounts-tls-fingerprint = Certificat TLS : empreinte SHA-256 { $fingerprint }
accounts-demo = Démonstration : toute personne sur cet ordinateur est connectée en tant que { $name }.
accounts-secret = Secret à usage unique pour { $login } : { $secret } (valable une seule fois, pendant 24 heures)
accounts-token = Jeton pour les programmes de { $login }, affiché une seule fois : { $token }
accounts-added = Compte { $login } créé.
accounts-reset = Compte { $login } réinitialisé : mot de passe et second facteur effacés, sessions fermées.
accounts-removed = Compte { $login } supprimé.
accounts-locked = Compte { $login } verrouillé ; ses sessions sont fermées.
accounts-unlocked = Compte { $login } déverrouillé.
accounts-roles-set = Rôles de { $login } : { $roles }
accounts-sessions-ended = { $count ->
    [one] { $count } session de { $login } fermée.
   *[other] { $count } sessions de { $login } fermées.
}
accounts-none = Aucun compte pour le moment.
accounts-state = { $state ->
    [locked] verrouillé
    [no-password] sans mot de passe
   *[ok] actif
}
accounts-yes-no = { $value ->
    [yes] oui
   *[no] non
}
accounts-releasability-set = Le compte { $login } reçoit les marquages jusqu’à : { $marking }.
accounts-purpose = Finalité
accounts-purpose-now = Vos consultations de cette session sont consignées avec la finalité « { $purpose } ».
accounts-purpose-new = Nouvelle finalité
accounts-purpose-hint = Par exemple un numéro de dossier. Vide : « { $purpose } », la valeur par défaut de votre rôle.
