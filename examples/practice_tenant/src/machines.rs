//! What a test sets up for apps that sign in without a person.
//!
//! ```no_run
//! use practice_tenant::issuer::Job;
//! use practice_tenant::world::{AppOnly, FederatedCredential, Principal, SHOP};
//! use practice_tenant::{Sandbox, SandboxConfig};
//!
//! let tenant = Sandbox::start(SandboxConfig::default()).unwrap();
//! // Consent, service principal, FullAccess: all is done, or all but what a field takes away.
//! tenant.set_up_app_only(AppOnly { principal: Principal::OfRegistration, ..AppOnly::for_mailboxes(&[SHOP]) });
//! // Trusts the runner's job as it is, immutable subjects included.
//! tenant.set_job(Job { immutable: true, ..Job::default() });
//! let runner = tenant.runner();
//! tenant.trust(FederatedCredential {
//!     name: "mail".to_owned(),
//!     issuer: runner.issuer,
//!     subject: runner.subject,
//!     audience: "api://AzureADTokenExchange".to_owned(),
//! });
//! ```

use crate::issuer::{self, Job};
use crate::world::{AppOnly, CONFIDENTIAL_CLIENT, FederatedCredential, KeyCredential, new_guid};
use crate::x509::X509;
use crate::{Sandbox, ca};

/// What a job of the runner finds in its environment, and what its tokens say.
#[derive(Debug, Clone)]
pub struct Runner {
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub request_url: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub request_token: String,
    pub issuer: String,
    pub subject: String,
}

impl Sandbox {
    /// Sets up at Exchange, for the confidential app, what a mailbox without a person needs; what was set up before goes.
    pub fn set_up_app_only(&self, set_up: AppOnly) {
        self.change(|state| state.app_mut(CONFIDENTIAL_CLIENT).expect("the app is always there").exchange = set_up);
    }

    /// The object ID of the confidential app's enterprise application, which `New-ServicePrincipal` wants.
    pub fn principal_id(&self) -> String {
        self.world.state().app(CONFIDENTIAL_CLIENT).expect("the app is always there").principal_id.clone()
    }

    /// Uploads a certificate, in PEM, under the confidential app, and returns its ID.
    pub fn upload_certificate(&self, name: &str, pem: &str) -> String {
        let certificate = X509::from_pem(pem).expect("a certificate in PEM");
        let (id, usable_from) = (new_guid(), certificate.starts);
        let key = KeyCredential { id: id.clone(), name: name.to_owned(), certificate, usable_from };
        self.change(|state| {
            state.app_mut(CONFIDENTIAL_CLIENT).expect("the app is always there").certificates.push(key)
        });
        id
    }

    /// Uploads a certificate whose key nothing here has, good for a year, and returns its ID.
    pub fn add_certificate(&self, name: &str) -> String {
        self.upload_certificate(name, &ca::stranger(name))
    }

    /// Takes a certificate of the confidential app away (AADSTS700027 from here on).
    pub fn remove_certificate(&self, id: &str) {
        self.change(|state| state.apps.iter_mut().for_each(|app| app.certificates.retain(|key| key.id != id)));
    }

    /// Lets the confidential app take these tokens for a proof of itself.
    pub fn trust(&self, credential: FederatedCredential) {
        self.change(|state| {
            state.app_mut(CONFIDENTIAL_CLIENT).expect("the app is always there").federated.push(credential);
        });
    }

    /// Takes every federated credential of the confidential app away (AADSTS70025 from here on).
    pub fn trust_none(&self) {
        self.change(|state| state.apps.iter_mut().for_each(|app| app.federated.clear()));
    }

    /// Puts a job on the runner.
    pub fn set_job(&self, job: Job) {
        self.change(|state| state.job = job);
    }

    /// The runner with its job.
    pub fn runner(&self) -> Runner {
        let state = self.world.state();
        Runner {
            request_url: format!("{}/runner/token?api-version=2.0", self.authority()),
            request_token: state.runner_token.clone(),
            issuer: issuer::address(&self.world, issuer::ACTIONS),
            subject: state.job.subject(),
        }
    }

    /// The address of an issuer outside the tenant, as `iss` names it. `name` may be any of letters, digits and `-`.
    pub fn outside_issuer(&self, name: &str) -> String {
        issuer::address(&self.world, name)
    }

    /// A token of an issuer outside the tenant, as services put them into files and variables, good for so many seconds.
    pub fn outside_token(&self, name: &str, subject: &str, audience: &str, lifetime: i64) -> String {
        issuer::token(&self.world, name, subject, audience, lifetime, &serde_json::Value::Null)
    }
}
