//! The document of the API (OpenAPI 3.1), put together from the table of routes, and a page to
//! browse it that needs nothing from elsewhere.

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::{HttpResponse, Responder};
use serde_json::{Value, json};
use utoipa::openapi::path::{
    OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

use crate::domain::ids::{DeputyId, FeedbackId, PrivacyRequestId, SessionId, SubmissionId};
use crate::domain::role::Permission;
use crate::web::access::Access;
use crate::web::problem::{Document, Kind, Problem};
use crate::web::routes::{Documentation, Route, table};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = serde_json::to_value(build()).unwrap_or_default();
    give_examples(&mut document);
    document
});

/// The whole document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Tài liệu này, theo OpenAPI 3.1.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "Vận hành",
    responses((status = 200, description = "Tài liệu", body = Object)),
)]
pub(crate) async fn show() -> impl Responder {
    HttpResponse::Ok().json(document())
}

/// The page to browse it, at `/api/docs/`.
pub(crate) fn browser() -> SwaggerUi {
    let config = utoipa_swagger_ui::Config::from("/api/openapi.json");
    SwaggerUi::new("/api/docs/{_:.*}").config(config)
}

fn build() -> OpenApi {
    let mut schemas = Vec::new();
    <Document as ToSchema>::schemas(&mut schemas);
    schemas.push((Document::name().into_owned(), Document::schema()));
    let mut paths = Paths::new();
    for route in table() {
        let Route {
            method,
            path,
            access,
            documentation,
            ..
        } = route;
        if let Some(documentation) = documentation {
            (documentation.schemas)(&mut schemas);
            add(&mut paths, &method, path, access, documentation);
        }
    }
    let token = Http::new(HttpAuthScheme::Bearer);
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("motcua")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Theo dõi hồ sơ thủ tục hành chính tại bộ phận một cửa. Thời điểm theo RFC 3339, \
                     ngày theo ISO 8601, tiền bằng đồng. Lỗi theo RFC 9457; so sánh `type`, không so \
                     sánh lời văn.",
                ))
                .build(),
        )
        .paths(paths)
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas)
                .security_scheme("token", SecurityScheme::Http(token))
                .build(),
        ))
        .build()
}

/// Adds a route with the errors that follow from what it is.
fn add(
    paths: &mut Paths,
    method: &Method,
    path: String,
    access: Access,
    documentation: Documentation,
) {
    let mut kinds = vec![
        Kind::Internal,
        Kind::DatabaseUnavailable,
        Kind::OutcomeUnknown,
        Kind::Upgrading,
    ];
    kinds.extend(documentation.kinds);
    let mut operation = documentation.operation;
    for name in path.split('{').skip(1) {
        let name = name.split('}').next().unwrap_or_default();
        operation = OperationBuilder::from(operation)
            .parameter(named(name))
            .build();
    }
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has = |name: &str| {
        let named = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(parameter) => parameter.name == name,
            RefOr::Ref(_) => false,
        };
        parameters.iter().any(named)
    };
    if !parameters.is_empty() {
        kinds.push(Kind::InvalidRequest);
    }
    if path.contains('{') {
        kinds.push(Kind::NotFound);
    }
    if has("If-Match") {
        kinds.extend([Kind::Changed, Kind::PreconditionRequired]);
    }
    if has("Idempotency-Key") {
        kinds.push(Kind::KeyReused);
    }
    if operation.request_body.is_some() {
        kinds.extend([
            Kind::InvalidRequest,
            Kind::InvalidJson,
            Kind::NotUtf8,
            Kind::TooDeep,
            Kind::BodyTooSlow,
            Kind::TooLarge,
            Kind::UnsupportedMediaType,
            Kind::Overloaded,
        ]);
    }
    if let Access::Staff(permission) = access {
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden]);
        if permission != Permission::OwnPassword {
            kinds.push(Kind::PasswordChangeRequired);
        }
        let token = SecurityRequirement::new("token", Vec::<String>::new());
        let roles: Vec<_> = permission
            .roles()
            .iter()
            .map(|role| role.as_str())
            .collect();
        let roles = format!("Vai trò: {}.", roles.join(", "));
        let description = match operation.description.take() {
            Some(text) => format!("{text}\n\n{roles}"),
            None => roles,
        };
        operation = OperationBuilder::from(operation)
            .security(token)
            .description(Some(description))
            .build();
    }
    for (status, kinds) in by_status(&kinds) {
        let mut content =
            ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name(Document::name()))));
        for kind in &kinds {
            let example = serde_json::to_value(Problem::new(*kind, kind.title()).document());
            let example = utoipa::openapi::example::ExampleBuilder::new()
                .value(example.ok())
                .build();
            let name = kind.urn().rsplit(':').next().unwrap_or_default();
            content = content.examples_from_iter([(name.to_owned(), example)]);
        }
        let titles: Vec<_> = kinds.iter().map(|kind| kind.title()).collect();
        let response = ResponseBuilder::new()
            .description(titles.join("; "))
            .content("application/problem+json", content.build())
            .build();
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), RefOr::T(response));
    }
    operation.operation_id = Some(name_of(method, &path));
    let method = match method.as_str() {
        "POST" => utoipa::openapi::path::HttpMethod::Post,
        "PUT" => utoipa::openapi::path::HttpMethod::Put,
        "PATCH" => utoipa::openapi::path::HttpMethod::Patch,
        "DELETE" => utoipa::openapi::path::HttpMethod::Delete,
        _ => utoipa::openapi::path::HttpMethod::Get,
    };
    let item = PathItem::new(method, operation);
    match paths.paths.get_mut(&path) {
        Some(known) => known.merge_operations(item),
        None => {
            paths.paths.insert(path, item);
        }
    }
}

/// What stands in an address for something: each kind of thing has one name in all addresses.
fn named(name: &str) -> Parameter {
    let text = || RefOr::from(ObjectBuilder::new().schema_type(Type::String).build());
    let number = |format| {
        let integer = ObjectBuilder::new().schema_type(Type::Integer);
        let format = Some(SchemaFormat::KnownFormat(format));
        RefOr::from(integer.format(format).build())
    };
    let (description, schema, example) = match name {
        "dossier" => (
            "Mã hồ sơ hoặc định danh",
            text(),
            Some(json!("H37.20.01-210301-0001")),
        ),
        "unit" => ("Mã đơn vị", text(), Some(json!("H37.20.01"))),
        "procedure" => ("Mã thủ tục", text(), Some(json!("2.000815"))),
        "year" => ("Năm", number(KnownFormat::Int32), Some(json!(2026))),
        "valid_from" => (
            "Ngày có hiệu lực của phiên bản",
            RefOr::from(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
                    .build(),
            ),
            Some(json!("2027-01-01")),
        ),
        "username" => ("Tên đăng nhập", text(), None),
        "session" => ("Định danh của phiên", reference::<SessionId>(), None),
        "feedback" => ("Định danh khi gửi", reference::<FeedbackId>(), None),
        "submission" => ("Định danh khi nộp", reference::<SubmissionId>(), None),
        "payment" => ("Định danh của khoản tiền", number(KnownFormat::Int64), None),
        "deputy" => ("Định danh của việc làm thay", reference::<DeputyId>(), None),
        "privacy_request" => (
            "Định danh của yêu cầu",
            reference::<PrivacyRequestId>(),
            None,
        ),
        "webhook" => ("Định danh của webhook", text(), None),
        "message" => ("Định danh của thông điệp", text(), None),
        "alarm" => ("Định danh của cảnh báo", text(), None),
        "job" => ("Định danh của công việc", text(), None),
        "work" => ("overdue, recompute, successor, announce", text(), None),
        "set_aside" => ("Định danh của hồ sơ", text(), None),
        _ => ("", text(), None),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .example(example)
        .build()
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// `GET /api/v1/users/{username}` is `get_users_username`.
fn name_of(method: &Method, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1");
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let method = method.as_str().to_ascii_lowercase();
    let words: Vec<&str> = std::iter::once(method.as_str()).chain(words).collect();
    words.join("_")
}

/// Names under which the routes give different schemas: one of them would be lost.
pub fn schemas_in_conflict() -> Vec<String> {
    let mut known = std::collections::HashMap::new();
    let mut conflicts = Vec::new();
    for route in table() {
        let mut schemas = Vec::new();
        if let Some(documentation) = route.documentation {
            (documentation.schemas)(&mut schemas);
        }
        for (name, schema) in schemas {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            if *first != schema {
                conflicts.push(name);
            }
        }
    }
    conflicts
}

/// An example of a body, from its schema.
pub(crate) fn example_of_body<T: ToSchema>() -> Value {
    let components = &document()["components"];
    example_of(&components["schemas"][&*T::name()], components, 0)
}

fn by_status(kinds: &[Kind]) -> Vec<(u16, Vec<Kind>)> {
    let mut statuses: Vec<(u16, Vec<Kind>)> = Vec::new();
    for kind in kinds {
        let status = kind.status();
        match statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, known)) if known.contains(kind) => {}
            Some((_, known)) => known.push(*kind),
            None => statuses.push((status, vec![*kind])),
        }
    }
    statuses
}

/// Gives every body and every answer an example.
fn give_examples(document: &mut Value) {
    let components = document["components"].clone();
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut());
    for operation in operations.filter_map(Value::as_object_mut) {
        for (name, part) in operation {
            match (name.as_str(), part) {
                ("requestBody", body) => give_example(body, &components),
                ("responses", Value::Object(responses)) => {
                    for response in responses.values_mut() {
                        give_example(response, &components);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Gives a body or an answer that has a schema and no example one that follows from the schema.
fn give_example(message: &mut Value, components: &Value) {
    let contents = message.get_mut("content").and_then(Value::as_object_mut);
    for content in contents.into_iter().flat_map(|all| all.values_mut()) {
        if content.get("example").is_none() && content.get("examples").is_none() {
            content["example"] = example_of(&content["schema"], components, 0);
        }
    }
}

fn example_of(schema: &Value, components: &Value, depth: usize) -> Value {
    if depth > 12 {
        return Value::Null;
    }
    let of = |schema: &Value| example_of(schema, components, depth + 1);
    let given = [
        &schema["example"],
        &schema["examples"][0],
        &schema["enum"][0],
    ];
    if let Some(given) = given.into_iter().find(|value| !value.is_null()) {
        return given.clone();
    }
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return of(&components["schemas"][name]);
    }
    for list in ["oneOf", "anyOf"] {
        if let Some(first) = schema[list]
            .as_array()
            .and_then(|all| all.iter().find(|schema| schema["type"] != "null"))
        {
            return of(first);
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        let merged = all.iter().filter_map(|schema| match of(schema) {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        return Value::Object(merged.flatten().collect());
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
        kind => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("object") => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            Value::Object(
                fields
                    .map(|(name, schema)| (name.clone(), of(schema)))
                    .collect(),
            )
        }
        Some("array") => json!([of(&schema["items"])]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("string") => match schema["format"].as_str() {
            Some("date") => json!("2021-03-01"),
            Some("date-time") => json!("2021-03-01T08:00:00+07:00"),
            _ => json!("…"),
        },
        _ => json!({}),
    }
}
