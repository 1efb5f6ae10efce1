//! Application permissions as the directory has them: what a registration asks for, and what was consented to.

use serde_json::{Value, json};

use crate::world::{App, EXCHANGE_APP, EXCHANGE_ROLES, new_guid};

/// The object ID of Exchange's own service principal in this tenant.
const EXCHANGE_PRINCIPAL: &str = "0a11ce00-0000-4000-8000-0000000e8c00";
/// Graph's application ID.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";
/// Graph's application permissions for mail, with their IDs.
/// <https://learn.microsoft.com/graph/permissions-reference>
const GRAPH_ROLES: [(&str, &str); 4] = [
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.ReadBasic.All", "693c5e45-0940-467d-9b8a-1022fb9d42ef"),
    ("Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
];

/// `requiredResourceAccess` of a registration.
pub fn asked_for(app: &App) -> Value {
    let of_graph = app.roles.iter().filter_map(|(_, role)| id(&GRAPH_ROLES, role)).collect();
    let resources = [(EXCHANGE_APP, of_exchange_by(app)), (GRAPH_APP, of_graph)];
    let resources = resources.into_iter().filter(|(_, ids): &(&str, Vec<&str>)| !ids.is_empty());
    let access = |ids: Vec<&str>| ids.into_iter().map(|id| json!({ "id": id, "type": "Role" })).collect::<Vec<_>>();
    resources.map(|(app, ids)| json!({ "resourceAppId": app, "resourceAccess": access(ids) })).collect()
}

/// `appRoleAssignments` of its service principal.
pub fn granted(app: &App) -> Vec<Value> {
    let of_exchange = if app.exchange.consent { of_exchange_by(app) } else { Vec::new() };
    let of_graph = app.roles.iter().filter_map(|(_, role)| id(&GRAPH_ROLES, role));
    let assigned = |id: &str| json!({ "id": new_guid(), "appRoleId": id, "principalId": app.principal_id });
    of_exchange.into_iter().chain(of_graph).map(assigned).collect()
}

/// Exchange's own service principal, which tells the names of its permissions.
pub fn of_exchange() -> Value {
    let role = |(name, id): &(&str, &str)| json!({ "id": id, "value": name, "allowedMemberTypes": ["Application"] });
    json!({
        "id": EXCHANGE_PRINCIPAL,
        "appId": EXCHANGE_APP,
        "displayName": "Office 365 Exchange Online",
        "appRoles": EXCHANGE_ROLES.iter().map(role).collect::<Vec<_>>(),
    })
}

fn of_exchange_by(app: &App) -> Vec<&'static str> {
    app.exchange.permissions.iter().filter_map(|role| id(&EXCHANGE_ROLES, role)).collect()
}

fn id(roles: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    roles.iter().find(|(known, _)| *known == name).map(|(_, id)| *id)
}
