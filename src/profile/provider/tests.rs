use std::collections::BTreeSet;

use super::super::{EndpointUrl, HostName, Protocol, RedirectUri, Scope, Side};
use super::*;

#[test]
fn every_value_of_the_table_is_one_that_a_profile_could_have() {
    let mut keys = BTreeSet::new();
    for provider in ALL {
        assert!(keys.insert(provider.key), "{provider:?} is there twice");
        assert_eq!(provider.key.parse::<Provider>().unwrap(), provider);
        assert_eq!(provider.family.key().parse::<Family>().unwrap(), provider.family);
        provider.redirect_uri.parse::<RedirectUri>().unwrap();
        let mut clouds: Vec<Cloud> = Vec::new();
        for deployment in provider.deployments {
            assert!(!clouds.contains(&deployment.cloud), "{provider:?} is twice in {:?}", deployment.cloud);
            clouds.push(deployment.cloud);
            let urls = match deployment.sign_in {
                SignInPreset::Tenant { authority, .. } => vec![authority],
                SignInPreset::Fixed { issuer, authorization, token, device_authorization, .. } => {
                    [issuer, authorization, token].into_iter().chain(device_authorization).collect()
                }
                SignInPreset::FromProfile => Vec::new(),
            };
            for url in urls {
                url.parse::<EndpointUrl>().unwrap();
            }
            let mut channels: Vec<(Protocol, Side)> = Vec::new();
            for service in deployment.services {
                let channel = (service.protocol, service.side);
                assert!(!channels.contains(&channel), "{provider:?} has {} twice", service.protocol);
                assert!(service.protocol.serves(service.side), "{provider:?} {}", service.protocol);
                channels.push(channel);
                match service.endpoint {
                    EndpointPreset::Server(server) => drop(server.host.parse::<HostName>().unwrap()),
                    EndpointPreset::Web(url) => drop(url.parse::<EndpointUrl>().unwrap()),
                }
                let is_server = service.endpoint.server().is_some();
                assert_eq!(service.protocol.ports().is_some(), is_server, "{provider:?} {}", service.protocol);
                assert!(!service.delegated.is_empty(), "{provider:?} {}", service.protocol);
            }
            let scopes = deployment.services.iter().flat_map(|service| service.delegated.iter().chain(service.shared));
            for scope in provider.always.iter().chain(scopes) {
                scope.parse::<Scope>().unwrap();
            }
        }
        // A profile that names no cloud is in the global one.
        assert_eq!(provider.main().cloud, Cloud::default(), "{provider:?}");
    }
}

#[test]
fn the_steps_of_a_registration_have_known_fill_ins() {
    for provider in ALL {
        for step in provider.register.iter().chain(provider.permissions) {
            for part in step.text.split('{').skip(1) {
                let (name, _) = part.split_once('}').expect("a fill-in ends");
                let known = ["portal", "client_id", "redirect_uri", "scopes", "permissions"];
                assert!(known.contains(&name), "{provider:?}: {name}");
            }
        }
    }
}

#[test]
fn what_an_app_without_a_user_needs_is_as_microsoft_documents_it() {
    let services = Provider::MICROSOFT365.main().services;
    let known: Vec<_> = services
        .iter()
        .map(|service| {
            let application = service.application.unwrap();
            (service.protocol, application.role, application.scopes, application.is_known_to_server)
        })
        .collect();
    let scope: &[&str] = &["https://outlook.office365.com/.default"];
    let graph: &[&str] = &["https://graph.microsoft.com/.default"];
    assert_eq!(
        known,
        [
            (Protocol::Imap, "IMAP.AccessAsApp", scope, false),
            (Protocol::Pop3, "POP.AccessAsApp", scope, false),
            (Protocol::Smtp, "SMTP.SendAsApp", scope, true),
            (Protocol::Graph, "Mail.ReadBasic.All", graph, true),
            (Protocol::Graph, "Mail.Send", graph, true),
        ]
    );
    // Personal accounts have no tenant that could consent, and Google's way is another one.
    for provider in [Provider::OUTLOOK, Provider::GOOGLE] {
        assert!(provider.main().services.iter().all(|service| service.application.is_none()), "{provider:?}");
    }
}

#[test]
fn each_national_cloud_has_its_own_sign_in_servers_and_scopes() {
    for (cloud, authority, imap, smtp, scope) in [
        (
            Cloud::Global,
            "https://login.microsoftonline.com",
            "outlook.office365.com",
            "smtp.office365.com",
            "https://outlook.office.com/SMTP.Send",
        ),
        (
            Cloud::GccHigh,
            "https://login.microsoftonline.us",
            "outlook.office365.us",
            "outlook.office365.us",
            "https://outlook.office365.us/SMTP.Send",
        ),
        (
            Cloud::Dod,
            "https://login.microsoftonline.us",
            "outlook-dod.office365.us",
            "outlook-dod.office365.us",
            "https://outlook.office365.us/SMTP.Send",
        ),
        (
            Cloud::China,
            "https://login.partner.microsoftonline.cn",
            "partner.outlook.cn",
            "smtp.partner.outlook.cn",
            "https://partner.outlook.cn/SMTP.Send",
        ),
    ] {
        let deployment = Provider::MICROSOFT365.deployment(cloud).unwrap();
        assert!(deployment.sign_in.public_issuer().unwrap().starts_with(authority), "{cloud:?}");
        let server =
            |protocol: Protocol| deployment.service(protocol, protocol.sides()[0]).unwrap().endpoint.server().unwrap();
        assert_eq!((server(Protocol::Imap).host, server(Protocol::Imap).port), (imap, 993), "{cloud:?}");
        assert_eq!((server(Protocol::Pop3).host, server(Protocol::Pop3).port), (imap, 995), "{cloud:?}");
        assert_eq!((server(Protocol::Smtp).host, server(Protocol::Smtp).port), (smtp, 587), "{cloud:?}");
        let sending = deployment.service(Protocol::Smtp, Side::Outgoing).unwrap();
        assert_eq!(sending.delegated, [scope], "{cloud:?}");
        // A token for any of the scopes' addresses is one for the service.
        let host = scope.trim_start_matches("https://").split('/').next().unwrap();
        assert!(sending.audiences.unwrap().accepted.contains(&host), "{cloud:?}");
    }
    for provider in ALL.into_iter().filter(|provider| *provider != Provider::MICROSOFT365) {
        assert!(provider.deployment(Cloud::China).is_none(), "{provider:?}");
    }
}

#[test]
fn keys_are_listed_in_words() {
    assert_eq!(keys(|provider| [Provider::GOOGLE, Provider::OIDC].contains(&provider)), "google or oidc");
    assert_eq!(keys(|provider| provider == Provider::OIDC), "oidc");
    assert_eq!(keys(|_| false), "");
    let all: Vec<&str> = ALL.iter().map(|provider| provider.key).collect();
    let listed = keys(|_| true).replace(" or ", ", ");
    assert_eq!(listed.split(", ").collect::<Vec<_>>(), all);
}
