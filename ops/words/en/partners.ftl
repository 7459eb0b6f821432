# `watchline indicators partners`: partners of agreements and training.

partner-title = { $partner ->
    [recsa] RECSA, Regional Centre on Small Arms (also cited as RESCA)
    [exbs] EXBS, Export Control and Related Border Security (United States)
    [eu_coarm] COARM, working party of the Council of the EU on arms exports
    [interpol] INTERPOL
    [unodc] UNODC, United Nations Office on Drugs and Crime
   *[other] { $partner }
}
partner-adherence = { $partner ->
    [recsa] the provisions of the Nairobi Protocol on small arms are applied in national law and practice: marking, records, brokering, destruction
    [exbs] control lists and licences are in force, and officers at crossing points completed the training to identify controlled goods
    [eu_coarm] licences are decided on the eight criteria of Common Position 2008/944/CFSP, and denials are notified
    [interpol] officers at crossing points can query the databases of stolen documents, vehicles and firearms, and report what they seize
    [unodc] the Firearms Protocol is implemented: offences, marking, records, licences and tracing; seizures are reported
   *[other] { $partner }
}
partner-read = { $partner ->
    [recsa] reports of the national focal point to the centre
    [exbs] training register, and the programme’s assessment with the authority
    [eu_coarm] annual report of the EU on arms exports, and the national report
    [interpol] statistics of queries and hits of the National Central Bureau
    [unodc] review of implementation of the protocol, and the questionnaire on arms flows
   *[other] { $partner }
}
partner-kind = { $kind ->
    [regional_body] regional body
    [programme] programme
    [working_party] working party
    [organisation] organisation
   *[other] { $kind }
}
partner-offer = { $offer ->
    [agreement] agreement
    [training] training
    [data] data
    [tracing] tracing
    [equipment] equipment
   *[other] { $offer }
}
partner-column = { $name ->
    [partner] partner
    [kind] kind
    [offers] offers
    [adherence] adherence means
    [read] where it is documented
    [indicators] indicators
   *[other] { $name }
}
partner-limit = These are short descriptions of our own. The text of an agreement is authoritative; membership differs between countries.
