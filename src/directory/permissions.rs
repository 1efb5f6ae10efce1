//! What a registration asks for and what was consented to: Graph's `requiredResourceAccess` and `appRoleAssignments`.

use oauth2::http::Method;
use serde::Deserialize;

use super::{Directory, status};
use crate::failure::Failure;

/// An app's application permissions, by their IDs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The object ID of the app's enterprise application; none where the tenant has none.
    pub principal: Option<String>,
    /// Those that the registration asks for; none where another tenant has the registration.
    pub asked: Option<Vec<String>>,
    /// Those that an administrator has consented to.
    pub granted: Vec<String>,
    /// Whether the list of the consents is whole.
    pub is_whole: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationFile {
    #[serde(default)]
    required_resource_access: Vec<ResourceFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceFile {
    #[serde(default)]
    resource_access: Vec<AccessFile>,
}

#[derive(Deserialize)]
struct AccessFile {
    id: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrincipalFile {
    id: String,
    #[serde(default)]
    app_roles: Vec<RoleFile>,
}

#[derive(Deserialize)]
struct RoleFile {
    id: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
struct AssignmentsFile {
    #[serde(default)]
    value: Vec<AssignmentFile>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentFile {
    app_role_id: String,
}

impl Directory<'_> {
    /// What the app asks for, and what it was given.
    ///
    /// # Errors
    /// As [`Directory::application`]; a tenant that knows neither the registration nor the app refuses.
    pub fn permissions(&self) -> Result<Permissions, Failure> {
        let asked = self.get::<RegistrationFile>(&[&self.registration()], Some("id,requiredResourceAccess"));
        let principal = self.get::<PrincipalFile>(&[&principal_of(self.client_id.as_str())], Some("id,appId"));
        let principal = match (principal, &asked) {
            (Ok(principal), _) => Some(principal.id),
            (Err(failure), Ok(_)) if is_unknown(&failure) => None,
            (Err(failure), _) => return Err(failure),
        };
        let asked = match asked {
            Ok(file) => Some(file),
            Err(failure) if is_unknown(&failure) => None,
            Err(failure) => return Err(failure),
        };
        let is_role = |access: &AccessFile| access.kind == "Role";
        let ids = |file: RegistrationFile| {
            let access = file.required_resource_access.into_iter().flat_map(|resource| resource.resource_access);
            access.filter(is_role).map(|access| access.id).collect()
        };
        let asked = asked.map(ids);
        let Some(principal) = principal else {
            return Ok(Permissions { asked, is_whole: true, ..Permissions::default() });
        };
        let path = [principal_of(self.client_id.as_str()), "appRoleAssignments".to_owned()];
        let granted: AssignmentsFile = self.get(&[&path[0], &path[1]], None)?;
        let ids = granted.value.into_iter().map(|assignment| assignment.app_role_id).collect();
        Ok(Permissions { principal: Some(principal), asked, granted: ids, is_whole: granted.next.is_none() })
    }

    /// The application permissions that there are at the resource `app_id`, each with its name and its ID.
    ///
    /// # Errors
    /// As [`Directory::application`].
    pub fn roles_at(&self, app_id: &str) -> Result<Vec<(String, String)>, Failure> {
        let resource: PrincipalFile = self.get(&[&principal_of(app_id)], Some("id,appRoles"))?;
        Ok(resource.app_roles.into_iter().filter_map(|role| Some((role.value?, role.id))).collect())
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &[&str], select: Option<&str>) -> Result<T, Failure> {
        self.ask(Method::GET, &self.url(path, select)?, "GET the set-up of the app", None)?.json()
    }
}

fn is_unknown(failure: &Failure) -> bool {
    status(failure) == Some(404)
}

/// `servicePrincipals(appId='…')`, a quote in a string of OData doubled.
fn principal_of(app_id: &str) -> String {
    format!("servicePrincipals(appId='{}')", app_id.replace('\'', "''"))
}
