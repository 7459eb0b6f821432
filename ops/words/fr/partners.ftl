# `watchline indicators partners` : partenaires d’accords et de formation.

partner-title = { $partner ->
    [recsa] RECSA, Centre régional sur les armes légères (aussi cité sous le sigle RESCA)
    [exbs] EXBS, contrôle des exportations et sécurité des frontières (États-Unis)
    [eu_coarm] COARM, groupe du Conseil de l’UE sur les exportations d’armes
    [interpol] INTERPOL
    [unodc] ONUDC, Office des Nations Unies contre la drogue et le crime
   *[other] { $partner }
}
partner-adherence = { $partner ->
    [recsa] les dispositions du Protocole de Nairobi sur les armes légères sont en vigueur dans le droit et la pratique : marquage, registres, courtage, destruction
    [exbs] listes de contrôle et licences sont en vigueur, et les agents des points de passage ont suivi la formation à l’identification des biens contrôlés
    [eu_coarm] les licences sont décidées selon les huit critères de la position commune 2008/944/PESC, et les refus sont notifiés
    [interpol] les agents des points de passage peuvent interroger les bases des documents, véhicules et armes à feu volés, et déclarent leurs saisies
    [unodc] le Protocole sur les armes à feu est appliqué : infractions, marquage, registres, licences et traçage ; les saisies sont déclarées
   *[other] { $partner }
}
partner-read = { $partner ->
    [recsa] rapports du point focal national au centre
    [exbs] registre des formations, et évaluation du programme avec l’autorité
    [eu_coarm] rapport annuel de l’UE sur les exportations d’armes, et rapport national
    [interpol] statistiques des interrogations et des réponses positives du Bureau central national
    [unodc] examen de l’application du protocole, et questionnaire sur les flux d’armes
   *[other] { $partner }
}
partner-kind = { $kind ->
    [regional_body] organisme régional
    [programme] programme
    [working_party] groupe de travail
    [organisation] organisation
   *[other] { $kind }
}
partner-offer = { $offer ->
    [agreement] accord
    [training] formation
    [data] données
    [tracing] traçage
    [equipment] équipement
   *[other] { $offer }
}
partner-column = { $name ->
    [partner] partenaire
    [kind] nature
    [offers] offre
    [adherence] le respect signifie
    [read] où cela est documenté
    [indicators] indicateurs
   *[other] { $name }
}
partner-limit = Ces descriptions succinctes sont les nôtres. Le texte d’un accord fait foi ; l’appartenance diffère selon les pays.
