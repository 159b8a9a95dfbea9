//! The table of routes: each with who may call it. Nothing is served that is not in it, and nothing
//! is in it without saying who may.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpMessage, HttpRequest, guard, web};
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::dossier::{Action, Correction};
use crate::domain::role::Permission;
use crate::views::dossier::DossierView;
use crate::web::access::{Access, Medium, authorise};
use crate::web::api::actions::{self, ActionBody, Asks, Change};
use crate::web::api::{
    alarms, calendar, cards, checkpoint, dossiers, feedback, fees, jobs, lists, lookup, oidc,
    outbox, payments, procedures, reports, satisfaction, sessions, submissions, time_limit, units,
    users, webhooks,
};
use crate::web::body::Body;
use crate::web::observe::Matched;
use crate::web::pages::{assets, log_in};
use crate::web::problem::{Kind, Problem};
use crate::web::{health, openapi, pages as screens};

pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A route: of the API, with its documentation, or of a page.
pub struct Route {
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    pub access: Access,
    /// What the document says of it; nothing of what is no API.
    pub(crate) documentation: Option<Documentation>,
    handler: Box<dyn Fn() -> actix_web::Route>,
}

/// What the document says of a route.
pub(crate) struct Documentation {
    /// What it answers with beside what every route may.
    pub kinds: &'static [Kind],
    pub operation: Operation,
    pub schemas: fn(&mut Schemas),
}

impl Route {
    fn new<P>(access: Access, handler: fn() -> actix_web::Route) -> Self
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences,
    {
        let method = match P::methods().first() {
            Some(HttpMethod::Post) => Method::POST,
            Some(HttpMethod::Put) => Method::PUT,
            Some(HttpMethod::Patch) => Method::PATCH,
            Some(HttpMethod::Delete) => Method::DELETE,
            _ => Method::GET,
        };
        Self {
            method,
            path: P::path(),
            access,
            documentation: Some(Documentation {
                kinds: &[],
                operation: P::operation(),
                schemas: P::schemas,
            }),
            handler: Box::new(handler),
        }
    }

    fn page(access: Access, method: Method, path: &str, handler: fn() -> actix_web::Route) -> Self {
        Self {
            method,
            path: path.to_owned(),
            access,
            documentation: None,
            handler: Box::new(handler),
        }
    }

    /// A route that is read, with a documentation that was put together.
    pub(crate) fn get(
        path: String,
        access: Access,
        operation: Operation,
        schemas: fn(&mut Schemas),
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            access,
            documentation: Some(Documentation {
                kinds: &[],
                operation,
                schemas,
            }),
            handler: Box::new(handler),
        }
    }

    /// A page goes by a cookie, the API by a token.
    const fn medium(&self) -> Medium {
        match self.documentation {
            Some(_) => Medium::Api,
            None => Medium::Page,
        }
    }

    fn or(mut self, kinds: &'static [Kind]) -> Self {
        self.documented(|documentation| documentation.kinds = kinds);
        self
    }

    fn about(mut self, summary: &str) -> Self {
        self.documented(|documentation| documentation.operation.summary = Some(summary.to_owned()));
        self
    }

    fn documented(&mut self, change: impl FnOnce(&mut Documentation)) {
        if let Some(documentation) = &mut self.documentation {
            change(documentation);
        }
    }
}

/// `route!(access, module::path => module::handler)`.
macro_rules! route {
    ($access:expr, $documented:path => $handler:path) => {
        Route::new::<$documented>($access, || web::route().to($handler))
    };
}

/// `page!(access, GET "/path" => module::handler)`.
macro_rules! page {
    ($access:expr, $method:ident $path:literal => $handler:path) => {
        Route::page($access, Method::$method, $path, || {
            web::route().to($handler)
        })
    };
}

/// Pages, and what they are made with. None of them is in the document.
pub fn pages() -> Vec<Route> {
    use Access::{Public, Staff};
    use Permission as May;
    vec![
        page!(Public, GET "/static/{file}" => assets::show),
        page!(Public, GET "/dang-nhap" => log_in::show),
        page!(Public, POST "/dang-nhap" => log_in::log_in),
        page!(Staff(May::OwnPassword), POST "/dang-xuat" => log_in::log_out),
        page!(Staff(May::ReadDossiers), GET "/ho-so" => screens::dossiers::show),
    ]
}

/// All routes of the API.
pub fn table() -> Vec<Route> {
    use Access::{Public, Signed, Staff};
    use Kind::{
        BadGateway, BadSignature, NotConfigured, NotReady, Overloaded, Refused, TooManyRequests,
        WrongCredentials,
    };
    use Permission as May;

    let mut all = vec![
        route!(Public, health::__path_alive => health::alive),
        route!(Public, health::__path_ready => health::ready)
            .or(&[Kind::Stopping]),
        route!(Public, openapi::__path_show => openapi::show),
        // Accounts.
        route!(Public, sessions::__path_log_in => sessions::log_in)
            .or(&[WrongCredentials, TooManyRequests, Overloaded]),
        route!(Staff(May::OwnAccount), sessions::__path_list => sessions::list),
        route!(Staff(May::OwnPassword), sessions::__path_end_current => sessions::end_current),
        route!(Staff(May::OwnAccount), sessions::__path_end => sessions::end),
        route!(Staff(May::OwnAccount), sessions::__path_me => sessions::me),
        route!(Staff(May::OwnPassword), sessions::__path_change_password => sessions::change_password)
            .or(&[WrongCredentials, TooManyRequests, Overloaded]),
        route!(Staff(May::OwnAccount), users::__path_colleagues => users::colleagues),
        route!(Public, oidc::__path_begin => oidc::begin)
            .or(&[NotConfigured, BadGateway, TooManyRequests, Overloaded]),
        route!(Public, oidc::__path_finish => oidc::finish)
            .or(&[NotConfigured, WrongCredentials, BadGateway, Overloaded]),
        route!(Staff(May::ManageUsers), users::__path_list => users::list),
        route!(Staff(May::ManageUsers), users::__path_create => users::create)
            .or(&[Overloaded]),
        route!(Staff(May::ManageUsers), users::__path_show => users::show),
        route!(Staff(May::ManageUsers), users::__path_change => users::change)
            .or(&[Refused, Overloaded]),
        // What everybody may know.
        route!(Public, units::__path_list => units::list),
        route!(Public, units::__path_show => units::show),
        route!(Public, procedures::__path_list => procedures::list),
        route!(Public, procedures::__path_show => procedures::show),
        route!(Public, calendar::__path_show => calendar::show),
        route!(Public, time_limit::__path_preview => time_limit::preview)
            .or(&[Refused, NotReady]),
        route!(Public, lookup::__path_look_up => lookup::look_up)
            .or(&[Kind::NotFound, TooManyRequests]),
        route!(Public, submissions::__path_submit => submissions::submit)
            .or(&[Refused, NotReady, TooManyRequests]),
        route!(Public, submissions::__path_confirm => submissions::confirm)
            .or(&[Refused, NotReady, TooManyRequests]),
        route!(Signed, fees::__path_take_gateway_payment => fees::take_gateway_payment)
            .or(&[BadSignature, NotConfigured]),
        // The log, for everybody.
        route!(Public, checkpoint::__path_show => checkpoint::show),
        route!(Public, checkpoint::__path_key => checkpoint::key),
        route!(Public, checkpoint::__path_consistency => checkpoint::consistency),
        // Reference data.
        route!(Staff(May::ManageUnits), units::__path_create => units::create),
        route!(Staff(May::ManageUnits), units::__path_change => units::change)
            .or(&[Refused]),
        route!(Staff(May::ManageProcedures), procedures::__path_put => procedures::put),
        route!(Staff(May::ManageCalendar), calendar::__path_preview => calendar::preview),
        route!(Staff(May::ManageCalendar), calendar::__path_put => calendar::put),
        route!(Staff(May::ReadJobs), jobs::__path_list => jobs::list),
        route!(Staff(May::ReadJobs), jobs::__path_show => jobs::show),
        // Dossiers.
        route!(Staff(May::Receive), dossiers::__path_receive => dossiers::receive)
            .or(&[Refused, NotReady]),
        route!(Staff(May::Receive), dossiers::__path_receive_batch => dossiers::receive_batch),
        route!(Staff(May::Receive), cards::__path_read => cards::read),
        route!(Staff(May::ReadDossiers), lists::__path_list => lists::list),
        route!(Staff(May::ReadDossiers), lists::__path_search => lists::search),
        route!(Staff(May::ReadDossiers), dossiers::__path_show => dossiers::show),
        route!(Staff(May::ReadDossiers), dossiers::__path_events => dossiers::events),
        route!(Staff(May::ReadIdentity), dossiers::__path_identities => dossiers::identities),
        route!(Staff(May::ReadDossiers), fees::__path_transfer_code => fees::transfer_code)
            .or(&[Refused, NotConfigured]),
    ];
    all.extend(reports::table());
    all.extend(actions_table());
    all.extend(opinions_table());
    all.extend(outgoing_table());
    all.extend(payments_table());
    all
}

/// What people say, and what becomes of it.
fn opinions_table() -> Vec<Route> {
    use Access::{Public, Staff};
    use Kind::{AlreadyRated, NotFound, NotReady, Refused, TooManyRequests};
    use Permission as May;

    vec![
        route!(Public, satisfaction::__path_rate => satisfaction::rate).or(&[
            NotFound,
            Refused,
            AlreadyRated,
            TooManyRequests,
        ]),
        route!(Staff(May::HandleFeedback), satisfaction::__path_comments => satisfaction::comments),
        route!(Public, feedback::__path_receive => feedback::receive).or(&[
            NotFound,
            Refused,
            NotReady,
            TooManyRequests,
        ]),
        route!(Public, feedback::__path_read_back => feedback::read_back).or(&[TooManyRequests]),
        route!(Public, feedback::__path_published => feedback::published),
        route!(Staff(May::HandleFeedback), feedback::__path_list => feedback::list),
        route!(Staff(May::HandleFeedback), feedback::__path_show => feedback::show),
        route!(Staff(May::HandleFeedback), feedback::__path_assign => feedback::assign)
            .or(&[Refused]),
        route!(Staff(May::HandleFeedback), feedback::__path_answer => feedback::answer)
            .or(&[Refused]),
        route!(Staff(May::PublishFeedback), feedback::__path_publish => feedback::publish)
            .or(&[Refused]),
    ]
}

/// Money of payment gateways that fits nothing.
fn payments_table() -> Vec<Route> {
    use Access::Staff;
    use Kind::{AmountMismatch, NotFound, NotReady, Refused};
    use Permission as May;
    vec![
        route!(Staff(May::HandlePayments), payments::__path_list => payments::list),
        route!(Staff(May::HandlePayments), payments::__path_show => payments::show),
        route!(Staff(May::HandlePayments), payments::__path_take => payments::take).or(&[
            NotFound,
            Refused,
            NotReady,
            AmountMismatch,
        ]),
        route!(Staff(May::HandlePayments), payments::__path_pay_back => payments::pay_back)
            .or(&[NotFound, Refused]),
        route!(Staff(May::HandlePayments), payments::__path_note => payments::note)
            .or(&[NotFound, Refused]),
    ]
}

/// What is told to others, and what became of it.
fn outgoing_table() -> Vec<Route> {
    use Access::Staff;
    use Permission as May;
    vec![
        route!(Staff(May::ManageOutgoing), outbox::__path_list => outbox::list),
        route!(Staff(May::ManageOutgoing), outbox::__path_retry => outbox::retry)
            .or(&[Kind::Refused]),
        route!(Staff(May::ManageOutgoing), alarms::__path_list => alarms::list),
        route!(Staff(May::ManageOutgoing), alarms::__path_close => alarms::close),
        route!(Staff(May::ManageOutgoing), alarms::__path_set_aside => alarms::set_aside),
        route!(Staff(May::ManageOutgoing), alarms::__path_retry => alarms::retry),
        route!(Staff(May::ManageOutgoing), alarms::__path_dismiss => alarms::dismiss),
        route!(Staff(May::ManageOutgoing), webhooks::__path_list => webhooks::list),
        route!(Staff(May::ManageOutgoing), webhooks::__path_create => webhooks::create)
            // Made with the same key before, and gone since.
            .or(&[Kind::NotFound]),
        route!(Staff(May::ManageOutgoing), webhooks::__path_show => webhooks::show),
        route!(Staff(May::ManageOutgoing), webhooks::__path_change => webhooks::change),
        route!(Staff(May::ManageOutgoing), webhooks::__path_delete => webhooks::delete),
        route!(Staff(May::ManageOutgoing), webhooks::__path_deliveries => webhooks::deliveries),
    ]
}

/// What moves a dossier on.
fn actions_table() -> Vec<Route> {
    use Permission as May;
    use actions::WithReason;
    vec![
        act("receive", May::Receive, actions::Receive::asks)
            .about("Tiếp nhận hồ sơ đã đăng ký trực tuyến; thời hạn bắt đầu tính."),
        act("not-receive", May::Receive, |WithReason { reason, .. }, of| of.to(Action::NotReceive { reason }))
            .about("Không tiếp nhận hồ sơ đã đăng ký trực tuyến, có lý do."),
        act("hand-over", May::HandOver, actions::HandOver::asks)
            .about("Chuyển đến bước kế tiếp, hoặc trả lại một bước trước."),
        act("request-supplement", May::AskApplicant, actions::RequestSupplement::asks)
            .about("Yêu cầu bổ sung giấy tờ; thời hạn tạm dừng."),
        act("take-supplement", May::TakeFromApplicant, actions::TakeSupplement::asks)
            .about("Nhận giấy tờ bổ sung; thời hạn tính lại từ đầu, hoặc tính tiếp, theo thủ tục."),
        act("request-payment", May::AskApplicant, actions::RequestPayment::asks)
            .about("Yêu cầu thực hiện nghĩa vụ tài chính; thời hạn tạm dừng.")
            .or(ABOUT_MONEY),
        act("take-payment", May::TakeFromApplicant, actions::TakePayment::asks)
            .about("Xác nhận đã thực hiện nghĩa vụ tài chính; thời hạn tính tiếp.")
            .or(ABOUT_MONEY),
        act("fees/collect", May::SettleFees, fees::Collect::asks)
            .about("Thu phí, lệ phí; số tiền theo thủ tục."),
        act("fees/waive", May::SettleFees, fees::Waive::asks)
            .about("Miễn một khoản phí, lệ phí, có lý do."),
        act("finish", May::Finish, actions::Finish::asks)
            .about("Có kết quả giải quyết, hoặc từ chối giải quyết; thời hạn được đánh giá ở đây."),
        act("return", May::Return, actions::Return::asks)
            .about("Trả kết quả cho người nộp."),
        act("withdraw", May::Withdraw, |WithReason { reason, .. }, of| of.to(Action::Withdraw { reason }))
            .about("Công dân yêu cầu rút hồ sơ."),
        act("stop", May::Stop, |WithReason { reason, .. }, of| of.to(Action::Stop { reason }))
            .about("Dừng xử lý, có lý do."),
        act("reappoint", May::Reappoint, actions::Reappoint::asks)
            .about("Xin lỗi và hẹn lại ngày trả kết quả, một lần cho mỗi hồ sơ."),
        act("move", May::MoveToSuccessor, actions::MoveTo::asks)
            .about("Chuyển hồ sơ của đơn vị đã giải thể sang một đơn vị kế thừa."),
        act("undo", May::Undo, |WithReason { reason, .. }, of| of.to(Action::Correct(Correction::Undo { reason })))
            .about("Hủy thao tác kết thúc, trả kết quả hoặc không tiếp nhận bị nhầm; lịch sử vẫn giữ cả hai."),
        act("correct-applicant", May::CorrectApplicant, actions::CorrectApplicant::asks)
            .about("Sửa thông tin người nộp."),
    ]
}

/// What an action on money may be answered with.
const ABOUT_MONEY: &[Kind] = &[Kind::Refused, Kind::NotReady, Kind::AmountMismatch];

/// An action on a dossier: its address, who may, and what its body asks for.
fn act<B: ActionBody>(name: &str, may: Permission, asks: Asks<B>) -> Route {
    let parameter = |name: &str, place, description: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
    };
    let json = |name: std::borrow::Cow<'_, str>| {
        ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(name))))
            .build()
    };
    let body = RequestBodyBuilder::new()
        .content("application/json", json(B::name()))
        .required(Some(Required::True))
        .build();
    let answer = ResponseBuilder::new()
        .description("Hồ sơ sau thao tác")
        .content("application/json", json(DossierView::name()));
    let operation = OperationBuilder::new()
        .parameter(parameter(
            "dossier",
            ParameterIn::Path,
            "Mã hồ sơ hoặc định danh",
        ))
        .parameter(parameter(
            "If-Match",
            ParameterIn::Header,
            "ETag đã đọc, hoặc *",
        ))
        .request_body(Some(body))
        .response("200", answer);
    Route {
        method: Method::POST,
        path: format!("/api/v1/dossiers/{{dossier}}/{name}"),
        access: Access::Staff(may),
        documentation: Some(Documentation {
            kinds: &[Kind::Refused, Kind::NotReady],
            operation: operation.build(),
            schemas: |all| {
                all.push((B::name().into_owned(), B::schema()));
                B::schemas(all);
                all.push((DossierView::name().into_owned(), DossierView::schema()));
                DossierView::schemas(all);
            },
        }),
        handler: Box::new(move || {
            web::route().to(move |change: Change, body: Body<B>| actions::act(change, body, asks))
        }),
    }
}

/// Registers all routes. An address that is known with another method is a 405 that names the
/// methods it has; HEAD goes wherever GET does.
pub(crate) fn register(config: &mut web::ServiceConfig) {
    let mut by_path: Vec<(String, Vec<Route>)> = Vec::new();
    for route in table().into_iter().chain(pages()) {
        match by_path.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, routes)) => routes.push(route),
            None => by_path.push((route.path.clone(), vec![route])),
        }
    }
    // What is asked for most before the rest, and `sessions/current` before `sessions/{id}`: each is
    // tried in turn.
    by_path.sort_by_key(|(path, _)| {
        let asked_for = path.starts_with("/api/v1/dossiers") || path == "/api/v1/lookup";
        (
            !asked_for,
            path.matches('{').count(),
            path.matches('/').count(),
        )
    });
    for (path, routes) in by_path {
        // Once for the life of the process, as the routes themselves.
        let matched = Matched {
            path: String::leak(path.clone()),
            page: routes.iter().all(|route| route.medium() == Medium::Page),
        };
        let mut allow: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        let allow = allow.join(", ");
        let mut resource = web::resource(path);
        for route in routes {
            let (access, medium) = (route.access, route.medium());
            let method = route.method.clone();
            let handler = (route.handler)();
            let handler = match method {
                Method::GET => handler.guard(guard::Any(guard::Get()).or(guard::Head())),
                method => handler.method(method),
            };
            let guarded = from_fn(move |request: ServiceRequest, next| {
                request.extensions_mut().insert(matched);
                authorise(access, medium, request, next)
            });
            resource = resource.route(handler.wrap(guarded));
        }
        config.service(
            resource.default_service(web::to(move |request: HttpRequest| {
                request.extensions_mut().insert(matched);
                let problem = Problem::method_not_allowed(&allow);
                async { problem }
            })),
        );
    }
}
