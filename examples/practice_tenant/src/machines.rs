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

use std::path::Path;

use serde_json::Value;

use crate::issuer::{self, Job};
use crate::managed_identity::{APP_SERVICE, ARC, MACHINE_LEARNING, ManagedIdentity};
use crate::world::{AppOnly, CONFIDENTIAL_CLIENT, FederatedCredential, KeyCredential, new_guid};
use crate::x509::X509;
use crate::{Sandbox, ca, google};

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

    /// The object ID of the confidential app's registration, which `addKey` wants.
    pub fn object_id(&self) -> String {
        self.world.state().app(CONFIDENTIAL_CLIENT).expect("the app is always there").object_id.clone()
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

    /// The certificates of the confidential app: the ID, the name and the thumbprint of each.
    pub fn certificates(&self) -> Vec<(String, String, String)> {
        let state = self.world.state();
        let listed = |key: &KeyCredential| (key.id.clone(), key.name.clone(), key.certificate.thumbprint());
        state.app(CONFIDENTIAL_CLIENT).expect("the app is always there").certificates.iter().map(listed).collect()
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

    /// Assigns these managed identities to the machine, and no others.
    pub fn assign(&self, identities: &[ManagedIdentity]) {
        self.change(|state| state.identities = identities.to_vec());
    }

    /// The managed identities that are assigned to the machine; at first one that a user has assigned.
    pub fn identities(&self) -> Vec<ManagedIdentity> {
        self.world.state().identities.clone()
    }

    /// The issuer of the tokens that managed identities get.
    pub fn identity_issuer(&self) -> String {
        crate::federation::own_issuer(&self.world)
    }

    /// Where the metadata service of a virtual machine answers here: what stands before `/metadata`. Elsewhere it is
    /// `http://169.254.169.254`.
    pub fn metadata_base(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.metadata)
    }

    /// What a program in App Service finds in its environment: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    pub fn app_service(&self) -> (String, String) {
        (format!("{}{APP_SERVICE}", self.metadata_base()), self.world.state().identity_header.clone())
    }

    /// What a program in Azure Machine Learning finds in its environment: `MSI_ENDPOINT` and `MSI_SECRET`.
    pub fn machine_learning(&self) -> (String, String) {
        (format!("{}{MACHINE_LEARNING}", self.metadata_base()), self.world.state().identity_header.clone())
    }

    /// Starts Azure Arc's agent, which keeps its keys in `folder`, and returns `IDENTITY_ENDPOINT`; `IMDS_ENDPOINT` is
    /// [`metadata_base`](Self::metadata_base).
    pub fn start_arc(&self, folder: &Path) -> String {
        self.change(|state| state.arc_folder = Some(folder.to_owned()));
        format!("{}{ARC}", self.metadata_base())
    }

    /// The file with a service account's key; `None` where this platform makes no RSA keys. Its scopes are delegated by
    /// [`delegate`](Self::delegate).
    pub fn service_account_key(&self) -> Option<Value> {
        google::key_file(&self.world)
    }

    /// The file that stands for a key of that account: a token of a trusted issuer is in `subject_token_file`.
    pub fn external_account(&self, subject_token_file: &Path) -> Value {
        google::external_account(&self.world, subject_token_file)
    }

    /// Delegates scopes to the service account, as a Workspace's administrator does; none of those before is left.
    pub fn delegate(&self, scopes: &[&str]) {
        self.change(|state| state.google.delegated = scopes.iter().map(|&scope| scope.to_owned()).collect());
    }

    /// Lets the holder of a token with this issuer and subject sign for the service account.
    pub fn trust_at_google(&self, issuer: &str, subject: &str) {
        self.change(|state| {
            state.google.trusted_issuer = Some(issuer.to_owned());
            state.google.creators.push(subject.to_owned());
        });
    }

    /// What `aud` of a subject token for Google's Security Token Service must be.
    pub fn google_audience(&self) -> String {
        format!("https:{}", google::PROVIDER)
    }
}
