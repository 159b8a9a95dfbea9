//! The table of routes: each with who may call it. Nothing is served that is not in it, and nothing
//! is in it without saying who may.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpMessage, guard, web};
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use crate::domain::role::Permission;
use crate::web::access::{Access, authorise};
use crate::web::api::{
    actions, alarms, calendar, cards, checkpoint, dossiers, feedback, fees, jobs, lists, lookup,
    oidc, outbox, payments, procedures, reports, satisfaction, sessions, submissions, time_limit,
    units, users, webhooks,
};
use crate::web::body::Readable;
use crate::web::observe::Matched;
use crate::web::problem::{Kind, Problem};
use crate::web::{health, openapi};

pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A route of the API.
pub struct Route {
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    pub access: Access,
    /// What it answers with beside what every route may.
    pub(crate) kinds: &'static [Kind],
    pub(crate) operation: Operation,
    pub(crate) schemas: fn(&mut Schemas),
    /// An example of the body, if there is one.
    pub(crate) body: Option<fn() -> Value>,
    handler: fn() -> actix_web::Route,
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
            kinds: &[],
            operation: P::operation(),
            schemas: P::schemas,
            body: None,
            handler,
        }
    }

    /// A route that is read, with a documentation that was put together.
    pub(crate) const fn get(
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
            kinds: &[],
            operation,
            schemas,
            body: None,
            handler,
        }
    }

    const fn or(mut self, kinds: &'static [Kind]) -> Self {
        self.kinds = kinds;
        self
    }

    const fn takes<B: Readable>(mut self) -> Self {
        self.body = Some(B::sound);
        self
    }
}

/// `route!(access, module::path => module::handler)`.
macro_rules! route {
    ($access:expr, $documented:path => $handler:path) => {
        Route::new::<$documented>($access, || web::route().to($handler))
    };
}

/// All routes.
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
            .or(&[WrongCredentials, TooManyRequests, Overloaded])
            .takes::<sessions::LogIn>(),
        route!(Staff(May::OwnAccount), sessions::__path_list => sessions::list),
        route!(Staff(May::OwnPassword), sessions::__path_end_current => sessions::end_current),
        route!(Staff(May::OwnAccount), sessions::__path_end => sessions::end),
        route!(Staff(May::OwnAccount), sessions::__path_me => sessions::me),
        route!(Staff(May::OwnPassword), sessions::__path_change_password => sessions::change_password)
            .or(&[WrongCredentials, TooManyRequests, Overloaded])
            .takes::<sessions::NewPassword>(),
        route!(Staff(May::OwnAccount), users::__path_colleagues => users::colleagues),
        route!(Public, oidc::__path_begin => oidc::begin)
            .or(&[NotConfigured, BadGateway, TooManyRequests, Overloaded]),
        route!(Public, oidc::__path_finish => oidc::finish)
            .or(&[NotConfigured, WrongCredentials, BadGateway, Overloaded]),
        route!(Staff(May::ManageUsers), users::__path_list => users::list),
        route!(Staff(May::ManageUsers), users::__path_create => users::create)
            .or(&[Overloaded])
            .takes::<users::NewUser>(),
        route!(Staff(May::ManageUsers), users::__path_show => users::show),
        route!(Staff(May::ManageUsers), users::__path_change => users::change)
            .or(&[Refused, Overloaded])
            .takes::<users::UserChange>(),
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
            .or(&[Refused, NotReady, TooManyRequests])
            .takes::<submissions::NewSubmission>(),
        route!(Public, submissions::__path_confirm => submissions::confirm)
            .or(&[Refused, NotReady, TooManyRequests])
            .takes::<submissions::Code>(),
        route!(Signed, fees::__path_take_gateway_payment => fees::take_gateway_payment)
            .or(&[BadSignature, NotConfigured])
            .takes::<fees::Payment>(),
        // The log, for everybody.
        route!(Public, checkpoint::__path_show => checkpoint::show),
        route!(Public, checkpoint::__path_key => checkpoint::key),
        route!(Public, checkpoint::__path_consistency => checkpoint::consistency),
        // Reference data.
        route!(Staff(May::ManageUnits), units::__path_create => units::create)
            .takes::<units::NewUnit>(),
        route!(Staff(May::ManageUnits), units::__path_change => units::change)
            .or(&[Refused])
            .takes::<units::UnitChange>(),
        route!(Staff(May::ManageProcedures), procedures::__path_put => procedures::put)
            .takes::<procedures::Definition>(),
        route!(Staff(May::ManageCalendar), calendar::__path_preview => calendar::preview)
            .takes::<calendar::Year>(),
        route!(Staff(May::ManageCalendar), calendar::__path_put => calendar::put)
            .takes::<calendar::Year>(),
        route!(Staff(May::ReadJobs), jobs::__path_list => jobs::list),
        route!(Staff(May::ReadJobs), jobs::__path_show => jobs::show),
        // Dossiers.
        route!(Staff(May::Receive), dossiers::__path_receive => dossiers::receive)
            .or(&[Refused, NotReady])
            .takes::<dossiers::NewDossier>(),
        route!(Staff(May::Receive), dossiers::__path_receive_batch => dossiers::receive_batch)
            .takes::<dossiers::Batch>(),
        route!(Staff(May::Receive), cards::__path_read => cards::read).takes::<cards::Scan>(),
        route!(Staff(May::ReadDossiers), lists::__path_list => lists::list),
        route!(Staff(May::ReadDossiers), lists::__path_search => lists::search)
            .takes::<lists::Search>(),
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
        route!(Public, satisfaction::__path_rate => satisfaction::rate)
            .or(&[NotFound, Refused, AlreadyRated, TooManyRequests])
            .takes::<satisfaction::Opinion>(),
        route!(Staff(May::HandleFeedback), satisfaction::__path_comments => satisfaction::comments),
        route!(Public, feedback::__path_receive => feedback::receive)
            .or(&[NotFound, Refused, NotReady, TooManyRequests])
            .takes::<feedback::Message>(),
        route!(Public, feedback::__path_read_back => feedback::read_back).or(&[TooManyRequests]),
        route!(Public, feedback::__path_published => feedback::published),
        route!(Staff(May::HandleFeedback), feedback::__path_list => feedback::list),
        route!(Staff(May::HandleFeedback), feedback::__path_show => feedback::show),
        route!(Staff(May::HandleFeedback), feedback::__path_assign => feedback::assign)
            .or(&[Refused])
            .takes::<feedback::Assign>(),
        route!(Staff(May::HandleFeedback), feedback::__path_answer => feedback::answer)
            .or(&[Refused])
            .takes::<feedback::Reply>(),
        route!(Staff(May::PublishFeedback), feedback::__path_publish => feedback::publish)
            .or(&[Refused])
            .takes::<feedback::PublicText>(),
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
        route!(Staff(May::HandlePayments), payments::__path_take => payments::take)
            .or(&[NotFound, Refused, NotReady, AmountMismatch])
            .takes::<payments::TakeFor>(),
        route!(Staff(May::HandlePayments), payments::__path_pay_back => payments::pay_back)
            .or(&[NotFound, Refused])
            .takes::<payments::PaymentNote>(),
        route!(Staff(May::HandlePayments), payments::__path_note => payments::note)
            .or(&[NotFound, Refused])
            .takes::<payments::PaymentNote>(),
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
            .or(&[Kind::NotFound])
            .takes::<webhooks::NewWebhook>(),
        route!(Staff(May::ManageOutgoing), webhooks::__path_show => webhooks::show),
        route!(Staff(May::ManageOutgoing), webhooks::__path_change => webhooks::change)
            .takes::<webhooks::WebhookChange>(),
        route!(Staff(May::ManageOutgoing), webhooks::__path_delete => webhooks::delete),
        route!(Staff(May::ManageOutgoing), webhooks::__path_deliveries => webhooks::deliveries),
    ]
}

/// What moves a dossier on.
fn actions_table() -> Vec<Route> {
    use Access::Staff;
    use Permission as May;
    let all = vec![
        route!(Staff(May::Receive), actions::__path_receive => actions::receive)
            .takes::<actions::Receive>(),
        route!(Staff(May::Receive), actions::__path_not_receive => actions::not_receive)
            .takes::<actions::WithReason>(),
        route!(Staff(May::HandOver), actions::__path_hand_over => actions::hand_over)
            .takes::<actions::HandOver>(),
        route!(Staff(May::AskApplicant), actions::__path_request_supplement => actions::request_supplement)
            .takes::<actions::RequestSupplement>(),
        route!(Staff(May::TakeFromApplicant), actions::__path_take_supplement => actions::take_supplement)
            .takes::<actions::TakeSupplement>(),
        route!(Staff(May::AskApplicant), actions::__path_request_payment => actions::request_payment)
            .or(&[Kind::AmountMismatch])
            .takes::<actions::RequestPayment>(),
        route!(Staff(May::TakeFromApplicant), actions::__path_take_payment => actions::take_payment)
            .or(&[Kind::AmountMismatch])
            .takes::<actions::TakePayment>(),
        route!(Staff(May::SettleFees), fees::__path_collect => fees::collect)
            .takes::<fees::Collect>(),
        route!(Staff(May::SettleFees), fees::__path_waive => fees::waive).takes::<fees::Waive>(),
        route!(Staff(May::Finish), actions::__path_finish => actions::finish)
            .takes::<actions::Finish>(),
        route!(Staff(May::Return), actions::__path_give_back => actions::give_back)
            .takes::<actions::Return>(),
        route!(Staff(May::Withdraw), actions::__path_withdraw => actions::withdraw)
            .takes::<actions::WithReason>(),
        route!(Staff(May::Stop), actions::__path_stop => actions::stop)
            .takes::<actions::WithReason>(),
        route!(Staff(May::Reappoint), actions::__path_reappoint => actions::reappoint)
            .takes::<actions::Reappoint>(),
        route!(Staff(May::MoveToSuccessor), actions::__path_move_to_successor => actions::move_to_successor)
            .takes::<actions::MoveTo>(),
        route!(Staff(May::Undo), actions::__path_undo => actions::undo)
            .takes::<actions::WithReason>(),
        route!(Staff(May::CorrectApplicant), actions::__path_correct_applicant => actions::correct_applicant)
            .takes::<actions::CorrectApplicant>(),
    ];
    let all = all.into_iter();
    all.map(|route| match route.kinds {
        [] => route.or(&[Kind::Refused, Kind::NotReady]),
        _ => route.or(&[Kind::Refused, Kind::NotReady, Kind::AmountMismatch]),
    })
    .collect()
}

/// Registers all routes. An address that is known with another method is a 405 that names the
/// methods it has; HEAD goes wherever GET does.
pub(crate) fn register(config: &mut web::ServiceConfig) {
    let mut by_path: Vec<(String, Vec<Route>)> = Vec::new();
    for route in table() {
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
        let matched = Matched(String::leak(path.clone()));
        let mut allow: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        let allow = allow.join(", ");
        let mut resource = web::resource(path);
        for route in routes {
            let (access, method) = (route.access, route.method.clone());
            let handler = (route.handler)();
            let handler = match method {
                Method::GET => handler.guard(guard::Any(guard::Get()).or(guard::Head())),
                method => handler.method(method),
            };
            let guarded = from_fn(move |request: ServiceRequest, next| {
                request.extensions_mut().insert(matched);
                authorise(access, request, next)
            });
            resource = resource.route(handler.wrap(guarded));
        }
        config.service(resource.default_service(web::to(move || {
            let problem = Problem::method_not_allowed(&allow);
            async { problem }
        })));
    }
}
