//! `/api/v1/reports`: the supervisors' reports, over their unit and what is under it. Which there are,
//! and what they take, is said by [`reports::each`].

use std::marker::PhantomData;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::ids::UnitId;
use crate::domain::role::Permission;
use crate::error::Error;
use crate::render::Format;
use crate::reports::parameters::{Parameters, check_by, unknown_unit};
use crate::reports::standings::Span;
use crate::reports::{self, Report, Visitor};
use crate::store::Store;
use crate::web::access::{Access, Staff};
use crate::web::api::formats::{accepted, file_of, wrong_format};
use crate::web::params::{Parameters as Named, Params};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::web::routes::{Route, Schemas};
use crate::web::{State, with_store};

/// The routes of all reports.
pub(crate) fn table() -> Vec<Route> {
    let mut routes = Routes(Vec::new());
    reports::each(&mut routes);
    routes.0
}

struct Routes(Vec<Route>);

impl Visitor for Routes {
    fn visit<R: Report>(&mut self) {
        self.0.push(Route::get(
            format!("/api/v1/reports/{}", R::NAME),
            Access::Staff(Permission::ReadReports),
            operation::<R>(),
            schemas::<R>,
            || web::route().to(serve::<R>),
        ));
    }
}

/// The query of a report.
#[derive(Deserialize)]
#[serde(bound = "")]
pub(crate) struct Query<R> {
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    to: Option<NaiveDate>,
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    as_of: Option<NaiveDate>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    procedure: Option<String>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(skip)]
    of: PhantomData<R>,
}

impl<R: Report> Named for Query<R> {
    const NAMES: &'static [&'static str] = match (R::OF_A_UNIT, R::BY.is_empty(), R::OF_A_PROCEDURE)
    {
        (_, _, true) => &["from", "to", "as_of", "unit", "procedure", "by", "format"],
        (false, true, _) => &["from", "to", "as_of", "format"],
        (false, false, _) => &["from", "to", "as_of", "by", "format"],
        (true, true, _) => &["from", "to", "as_of", "unit", "format"],
        (true, false, _) => &["from", "to", "as_of", "unit", "by", "format"],
    };

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if let Some(Err(error)) = self.by.as_deref().map(check_by::<R>) {
            wrong.push(FieldError::new("by", error));
        }
        if self.format().is_none() {
            wrong.push(wrong_format());
        }
        for (field, day) in [("from", self.from), ("to", self.to)] {
            if day.is_none() {
                wrong.push(FieldError::new(field, "thiếu ngày, ví dụ 2021-09-14"));
            }
        }
        if let (Some(_), Some(_), Err(error)) = (self.from, self.to, self.span()) {
            let parameter = match &error {
                Error::Parameter { name, .. } => name,
                _ => "from",
            };
            wrong.push(FieldError::new(parameter, &error));
        }
        wrong
    }
}

impl<R> Query<R> {
    fn span(&self) -> Result<Span, Error> {
        let (from, to) = (self.from.unwrap_or_default(), self.to.unwrap_or_default());
        reports::parameters::span(from, to, self.as_of, crate::clock::now())
    }

    /// What is asked for by name; `Some(None)` if nothing is, `None` if it is none of ours.
    fn format(&self) -> Option<Option<Format>> {
        match self.format.as_deref() {
            None => Some(None),
            Some(format) => format.parse().ok().map(Some),
        }
    }
}

/// The unit of a report, within reach; `None` for the whole office.
pub(crate) fn root(
    store: &Store,
    code: Option<&str>,
    reach: UnitId,
) -> Result<Option<UnitId>, Problem> {
    let reference = store.reference()?;
    let units = reference.units();
    let mut root = reach;
    if let Some(code) = code {
        let unit = units.by_code(code);
        let unit = unit.ok_or_else(|| unknown_unit(units, code))?;
        if !reference.reaches(unit.id, reach) {
            let detail = "đơn vị không thuộc phạm vi của bạn";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        root = unit.id;
    }
    Ok((!units.is_whole(root)).then_some(root))
}

async fn serve<R: Report>(
    state: web::Data<State>,
    request: HttpRequest,
    staff: Staff,
    params: Params<Query<R>>,
) -> Result<HttpResponse, Problem> {
    let (asked, reach) = (params.0, staff.unit);
    let format = asked.format().flatten();
    let format = format.unwrap_or_else(|| accepted(request.headers()));
    let span = asked.span()?;
    let report = with_store(&state, move |store| {
        let unit = root(store, asked.unit.as_deref(), reach)?;
        if unit.is_some() && !R::OF_A_UNIT {
            let detail = "báo cáo này của cả tỉnh; dùng on-time hoặc 06a cho đơn vị của bạn";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        let asked = Parameters {
            span,
            unit,
            procedure: asked.procedure,
            by: asked.by,
            printed: None,
        };
        let report = R::make(store, &asked)?.render(format);
        report.map_err(|error| Problem::new(Kind::Internal, error.to_string()))
    })
    .await?;
    let (name, from, to) = (R::NAME, span.period.from, span.period.to);
    let file = format!("{name}-{from}-{to}");
    Ok(file_of(format, &file, report))
}

fn schemas<R: Report>(into: &mut Schemas) {
    R::Json::schemas(into);
    into.push((R::Json::name().into_owned(), R::Json::schema()));
}

/// How a report stands in the document.
fn operation<R: Report>() -> Operation {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let day = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    let choice = |of: &[&str]| text().enum_values(Some(of.to_vec()));
    let parameter = |name: &str, description: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(Schema::from(schema)))
    };
    let required = |name: &str, description: &str, example: &str| {
        parameter(name, description, day())
            .required(Required::True)
            .example(Some(json!(example)))
    };
    let mut operation = OperationBuilder::new()
        .tag("Báo cáo")
        .summary(Some(R::ABOUT))
        .parameter(required("from", "Ngày đầu kỳ.", "2020-12-15"))
        .parameter(required("to", "Ngày cuối kỳ.", "2021-09-14"))
        .parameter(parameter(
            "as_of",
            "Số liệu đến hết ngày; mặc định là ngày cuối kỳ.",
            day(),
        ));
    if R::OF_A_UNIT {
        let description = "Mã đơn vị trong phạm vi của mình; mặc định là đơn vị của mình, cùng các đơn vị trực thuộc.";
        let unit = parameter("unit", description, text());
        operation = operation.parameter(unit.example(Some(json!("H37.20"))));
    }
    if R::OF_A_PROCEDURE {
        let description = "Mã thủ tục, mọi phiên bản; mặc định là mọi thủ tục.";
        let procedure = parameter("procedure", description, text());
        operation = operation.parameter(procedure.example(Some(json!("2.000815"))));
    }
    if let [default, ..] = R::BY {
        let description = format!("Các dòng theo; mặc định là {default}.");
        operation = operation.parameter(parameter("by", &description, choice(R::BY)));
    }
    let formats = Format::ALL.map(Format::as_str);
    let description = "Mặc định theo tiêu đề Accept, không có thì json; csv cho chương trình, xlsx hoặc csv-people cho bảng tính.";
    operation = operation.parameter(parameter("format", description, choice(&formats)));
    let json = RefOr::Ref(Ref::from_schema_name(R::Json::name()));
    let plain = || {
        ContentBuilder::new()
            .schema(Some(Schema::from(text())))
            .build()
    };
    let bytes = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    let binary = ContentBuilder::new()
        .schema(Some(Schema::from(bytes)))
        .build();
    let report = ResponseBuilder::new()
        .description("Báo cáo")
        .content(
            "application/json",
            ContentBuilder::new().schema(Some(json)).build(),
        )
        .content("text/csv", plain())
        .content(Format::Xlsx.media_type(), binary)
        .content("text/plain", plain());
    operation.response("200", report).build()
}
