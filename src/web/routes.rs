//! The table of routes: each with who may call it. Nothing is served that is not in it, and nothing
//! is in it without saying who may.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpMessage, HttpRequest, Responder, guard, web};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::{RefOr, Response, Schema};

use crate::domain::dossier::{Action, ActionKind, Correction};
use crate::domain::role::Permission;
use crate::reports::by_step::BySteps;
use crate::reports::cchc::Cchc;
use crate::reports::fees::Fees;
use crate::reports::form_06a::Form06a;
use crate::reports::satisfaction::Satisfaction;
use crate::web::access::{Access, Medium, authorise};
use crate::web::api::actions::{self, ActionBody, Asks};
use crate::web::api::call::Call;
use crate::web::api::says::{Answers, Takes};
use crate::web::api::{
    alarms, calendar, cards, checkpoint, deputies, dossiers, feedback, fees, jobs, links, lists,
    lookup, norms, oidc, outbox, payments, privacy, procedures, reports, satisfaction, saved_lists,
    sessions, submissions, text_blocks, time_limit, units, users, webhooks,
};
use crate::web::body::Body;
use crate::web::headers::IfMatch;
use crate::web::observe::Matched;
use crate::web::pages::forms::Fields;
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

    /// What it answers with beside what every route may.
    fn or(mut self, kinds: &'static [Kind]) -> Self {
        self.documented(|documentation| documentation.kinds = kinds);
        self
    }

    fn about(mut self, summary: &str) -> Self {
        self.documented(|documentation| documentation.operation.summary = Some(summary.to_owned()));
        self
    }

    /// Under which heading the document has it, what it does, and what it answers.
    fn says(self, tag: &str, summary: &str, answer: &str) -> Self {
        let mut route = self.about(summary);
        route.documented(|documentation| {
            documentation.operation.tags = Some(vec![tag.to_owned()]);
            for response in documentation.operation.responses.responses.values_mut() {
                describe(response, answer);
            }
        });
        route
    }

    /// What it answers with one of several statuses.
    fn answers(mut self, status: u16, answer: &str) -> Self {
        self.documented(|documentation| {
            let responses = &mut documentation.operation.responses.responses;
            let response = responses.entry(status.to_string());
            describe(
                response.or_insert_with(|| Response::default().into()),
                answer,
            );
        });
        self
    }

    /// 304 to whoever has it already.
    fn or_seen(self) -> Self {
        self.answers(304, "Như đã đọc (If-None-Match)")
    }

    fn documented(&mut self, change: impl FnOnce(&mut Documentation)) {
        if let Some(documentation) = &mut self.documentation {
            change(documentation);
        }
    }
}

fn describe(response: &mut RefOr<Response>, answer: &str) {
    if let RefOr::T(response) = response {
        answer.clone_into(&mut response.description);
    }
}

/// `get("/api/v1/…", access, handler)` and its like: a route whose documentation follows from what its
/// handler takes and answers with.
macro_rules! methods {
    ($($name:ident $method:ident)+) => {
        $(
            fn $name<H, A, R>(path: &str, access: Access, handler: H) -> Route
            where
                H: Handler<A, Output = Result<R, Problem>>,
                A: FromRequest + Takes + 'static,
                R: Responder + Answers + 'static,
            {
                Route {
                    method: Method::$method,
                    path: path.to_owned(),
                    access,
                    documentation: Some(Documentation {
                        kinds: &[],
                        operation: R::say(A::say(OperationBuilder::new())).build(),
                        schemas: |all| {
                            A::schemas(all);
                            R::schemas(all);
                        },
                    }),
                    handler: Box::new(move || web::route().to(handler.clone())),
                }
            }
        )+
    };
}

methods! { get GET post POST put PUT patch PATCH delete DELETE }

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
    let mut all = vec![
        page!(Public, GET "/static/{file}" => assets::show),
        page!(Public, GET "/dang-nhap" => log_in::show),
        page!(Public, POST "/dang-nhap" => log_in::log_in),
        page!(Public, GET "/dang-nhap/dinh-danh" => screens::oidc::begin),
        page!(Public, GET "/dang-nhap/dinh-danh/ve" => screens::oidc::finish),
        page!(Staff(May::OwnPassword), POST "/dang-xuat" => log_in::log_out),
        page!(Staff(May::OwnPassword), GET "/tai-khoan" => screens::account::show),
        page!(Staff(May::OwnPassword), POST "/tai-khoan" => screens::account::change_password),
        page!(Staff(May::OwnAccount), GET "/phim-tat" => screens::shortcuts::show),
        page!(Staff(May::OwnAccount), GET "/nhap" => screens::drafts::list),
        page!(Staff(May::OwnAccount), POST "/nhap" => screens::drafts::save),
        page!(Staff(May::OwnAccount), POST "/nhap/bo" => screens::drafts::discard),
        // Whoever has no dossiers to see is sent to what is theirs.
        page!(Staff(May::OwnAccount), GET "/ho-so" => screens::dossiers::show),
        page!(Staff(May::ReadDossiers), GET "/so-theo-doi" => screens::book::show),
        page!(Staff(May::ReadDossiers), POST "/ho-so/tim" => screens::dossiers::search),
        page!(Staff(May::ReadDossiers), POST "/ho-so/hien-thi" => screens::dossiers::keep_shown),
        page!(Staff(May::ReadDossiers), POST "/ho-so/danh-sach" => screens::dossiers::keep),
        page!(Staff(May::ShareLists), POST "/ho-so/danh-sach/chia-se" => screens::dossiers::share),
        page!(Staff(May::ReadDossiers), POST "/ho-so/danh-sach/{list}/xoa" => screens::dossiers::remove),
        page!(Staff(May::Annotate), GET "/ho-so/nhieu" => screens::many::show),
        page!(Staff(May::Annotate), POST "/ho-so/nhieu" => screens::many::act),
        page!(Staff(May::ReadDossiers), GET "/ho-so/tiep" => screens::carried::next),
        page!(Staff(May::Receive), GET "/ho-so/tiep-nhan" => screens::receive::show),
        page!(Staff(May::Receive), POST "/ho-so/tiep-nhan" => screens::receive::receive),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}" => screens::dossier::show),
        page!(Staff(May::ReadIdentity), POST "/ho-so/{dossier}/so-dinh-danh" => screens::dossier::read_identity),
        page!(Staff(May::Annotate), POST "/ho-so/{dossier}/ghi-chu" => screens::dossier::note),
        page!(Staff(May::Annotate), POST "/ho-so/{dossier}/lien-ket" => screens::links::link),
        page!(Staff(May::Annotate), POST "/ho-so/{dossier}/lien-ket/{other}/bo" => screens::links::unlink),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/giay-tiep-nhan" => screens::papers::receipt),
        page!(Staff(May::Annotate), POST "/ho-so/{dossier}/giay-tiep-nhan" => screens::papers::reprint_receipt),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/phieu-bo-sung" => screens::papers::supplement),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/phieu-tu-choi" => screens::papers::refusal),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/xin-loi" => screens::papers::apology),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/thong-bao-dung" => screens::papers::stop),
        page!(Staff(May::ReadDossiers), GET "/ho-so/{dossier}/phieu-kiem-soat" => screens::papers::control),
    ];
    all.extend(admin_pages());
    all.extend(ActionKind::ALL.iter().flat_map(|kind| action_pages(*kind)));
    all
}

/// The pages of administrators.
fn admin_pages() -> Vec<Route> {
    use Access::Staff;
    use Permission as May;
    use screens::admin;
    vec![
        page!(Staff(May::ManageUsers), GET "/quan-tri" => admin::show),
        page!(Staff(May::ManageOutgoing), POST "/quan-tri/canh-bao/{alarm}/dong" => admin::close_alarm),
        page!(Staff(May::ManageOutgoing), POST "/quan-tri/tin-gui/{message}/gui-lai" => admin::send_again),
        page!(Staff(May::ManageOutgoing), POST "/quan-tri/de-rieng/{work}/{set_aside}/lam-lai" => admin::try_again),
        page!(Staff(May::ManageOutgoing), POST "/quan-tri/de-rieng/{work}/{set_aside}/de-yen" => admin::leave_alone),
        page!(Staff(May::ManageUsers), GET "/quan-tri/tai-khoan" => admin::accounts::list),
        page!(Staff(May::ManageUsers), GET "/quan-tri/tai-khoan/them" => admin::accounts::ask_new),
        page!(Staff(May::ManageUsers), POST "/quan-tri/tai-khoan/them" => admin::accounts::add),
        page!(Staff(May::ManageUsers), GET "/quan-tri/tai-khoan/{username}" => admin::accounts::ask_change),
        page!(Staff(May::ManageUsers), POST "/quan-tri/tai-khoan/{username}" => admin::accounts::change),
        page!(Staff(May::ReadReports), GET "/tong-quan/bao-cao/06a" => screens::reports::show::<Form06a>),
        page!(Staff(May::ReadReports), GET "/tong-quan/bao-cao/cchc" => screens::reports::show::<Cchc>),
        page!(Staff(May::ReadReports), GET "/tong-quan/bao-cao/satisfaction" => screens::reports::show::<Satisfaction>),
        page!(Staff(May::HandleFeedback), GET "/tong-quan/bao-cao/satisfaction/y-kien" => screens::comments::list),
        page!(Staff(May::ReadReports), GET "/tong-quan/bao-cao/fees" => screens::reports::show::<Fees>),
        page!(Staff(May::HandleFeedback), GET "/xu-ly-phan-anh" => screens::feedback_cases::list),
        page!(Staff(May::HandleFeedback), GET "/xu-ly-phan-anh/{feedback}" => screens::feedback_cases::show),
        page!(Staff(May::HandleFeedback), GET "/xu-ly-phan-anh/{feedback}/giao" => screens::feedback_cases::ask_assign),
        page!(Staff(May::HandleFeedback), POST "/xu-ly-phan-anh/{feedback}/giao" => screens::feedback_cases::assign),
        page!(Staff(May::HandleFeedback), GET "/xu-ly-phan-anh/{feedback}/tra-loi" => screens::feedback_cases::ask_answer),
        page!(Staff(May::HandleFeedback), POST "/xu-ly-phan-anh/{feedback}/tra-loi" => screens::feedback_cases::reply),
        page!(Staff(May::PublishFeedback), GET "/xu-ly-phan-anh/{feedback}/cong-khai" => screens::feedback_cases::ask_publish),
        page!(Staff(May::PublishFeedback), POST "/xu-ly-phan-anh/{feedback}/cong-khai" => screens::feedback_cases::publish),
        page!(Staff(May::PublishFeedback), POST "/xu-ly-phan-anh/{feedback}/thoi-cong-khai" => screens::feedback_cases::unpublish),
        page!(Staff(May::ManageUnits), GET "/quan-tri/don-vi" => admin::units::list),
        page!(Staff(May::ManageUnits), GET "/quan-tri/don-vi/them" => admin::new_unit::ask),
        page!(Staff(May::ManageUnits), POST "/quan-tri/don-vi/them" => admin::new_unit::add),
        page!(Staff(May::ManageUnits), GET "/quan-tri/don-vi/{unit}" => admin::units::show),
        page!(Staff(May::ManageUnits), POST "/quan-tri/don-vi/{unit}" => admin::units::change),
        page!(Staff(May::KeepTextBlocks), GET "/quan-tri/mau-cau" => admin::text_blocks::list),
        page!(Staff(May::KeepTextBlocks), GET "/quan-tri/mau-cau/them" => admin::text_blocks::ask_new),
        page!(Staff(May::KeepTextBlocks), POST "/quan-tri/mau-cau/them" => admin::text_blocks::add),
        page!(Staff(May::KeepTextBlocks), GET "/quan-tri/mau-cau/{block}" => admin::text_blocks::ask_change),
        page!(Staff(May::KeepTextBlocks), POST "/quan-tri/mau-cau/{block}" => admin::text_blocks::change),
        page!(Staff(May::KeepTextBlocks), POST "/quan-tri/mau-cau/{block}/xoa" => admin::text_blocks::remove),
        page!(Staff(May::ManageUnits), GET "/quan-tri/don-vi/{unit}/ke-thua" => admin::succession::show),
        page!(Staff(May::ManageUnits), POST "/quan-tri/don-vi/{unit}/ke-thua" => admin::succession::change),
        page!(Staff(May::ManageUsers), GET "/quan-tri/don-vi/{unit}/nhan-su" => admin::succession::ask_staff),
        page!(Staff(May::ManageUsers), POST "/quan-tri/don-vi/{unit}/nhan-su" => admin::succession::move_staff),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc" => admin::procedures::list),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc/them" => admin::procedures::ask_new),
        page!(Staff(May::ManageProcedures), POST "/quan-tri/thu-tuc/them" => admin::procedures::put_new),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc/them/bieu-mau" => admin::procedures::ask_new_form),
        page!(Staff(May::ManageProcedures), POST "/quan-tri/thu-tuc/them/bieu-mau" => admin::procedures::put_new_form),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc/{procedure}/bieu-mau" => admin::procedures::ask_form),
        page!(Staff(May::ManageProcedures), POST "/quan-tri/thu-tuc/{procedure}/bieu-mau" => admin::procedures::put_form),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc/{procedure}" => admin::procedures::show),
        page!(Staff(May::ManageProcedures), POST "/quan-tri/thu-tuc/{procedure}/rut-lai" => admin::procedures::withdraw),
        page!(Staff(May::ManageProcedures), GET "/quan-tri/thu-tuc/{procedure}/phien-ban" => admin::procedures::ask_version),
        page!(Staff(May::ManageProcedures), POST "/quan-tri/thu-tuc/{procedure}/phien-ban" => admin::procedures::put_version),
        page!(Staff(May::ManageCalendar), GET "/quan-tri/lich" => admin::calendar::this_year),
        page!(Staff(May::ManageCalendar), GET "/quan-tri/lich/{year}" => admin::calendar::show),
        page!(Staff(May::ManageCalendar), POST "/quan-tri/lich/{year}" => admin::calendar::change),
        page!(Staff(May::HandlePayments), GET "/quan-tri/khoan-nop" => admin::payments::list),
        page!(Staff(May::HandlePayments), GET "/quan-tri/khoan-nop/{payment}" => admin::payments::show),
        page!(Staff(May::HandlePayments), GET "/quan-tri/khoan-nop/{payment}/ghi-nhan" => admin::payments::ask_take),
        page!(Staff(May::HandlePayments), POST "/quan-tri/khoan-nop/{payment}/ghi-nhan" => admin::payments::take),
        page!(Staff(May::HandlePayments), GET "/quan-tri/khoan-nop/{payment}/hoan-tra" => admin::payments::ask_pay_back),
        page!(Staff(May::HandlePayments), POST "/quan-tri/khoan-nop/{payment}/hoan-tra" => admin::payments::pay_back),
        page!(Staff(May::HandlePayments), GET "/quan-tri/khoan-nop/{payment}/ghi-chu" => admin::payments::ask_note),
        page!(Staff(May::HandlePayments), POST "/quan-tri/khoan-nop/{payment}/ghi-chu" => admin::payments::note),
        page!(Staff(May::ReadReadings), GET "/quan-tri/luot-xem" => admin::readings::show),
        page!(Staff(May::ReadJobs), GET "/quan-tri/diem-chot" => admin::checkpoints::list),
        page!(Staff(May::ReadJobs), POST "/quan-tri/diem-chot" => admin::checkpoints::sign),
        page!(Staff(May::ReadJobs), GET "/quan-tri/diem-chot/{checkpoint}" => admin::checkpoints::download),
        page!(Staff(May::HandlePrivacy), GET "/quan-tri/yeu-cau" => admin::privacy::list),
        page!(Staff(May::HandlePrivacy), GET "/quan-tri/yeu-cau/them" => admin::privacy::ask_new),
        page!(Staff(May::HandlePrivacy), POST "/quan-tri/yeu-cau/them" => admin::privacy::take_in),
        page!(Staff(May::HandlePrivacy), GET "/quan-tri/yeu-cau/{privacy_request}" => admin::privacy::show),
        page!(Staff(May::HandlePrivacy), POST "/quan-tri/yeu-cau/{privacy_request}/tra-loi" => admin::privacy::answer),
        page!(Staff(May::HandlePrivacy), POST "/quan-tri/yeu-cau/{privacy_request}/xong" => admin::privacy::done),
        page!(Staff(May::HandlePrivacy), POST "/quan-tri/yeu-cau/{privacy_request}/tu-choi" => admin::privacy::refuse),
        page!(Staff(May::HandlePrivacy), POST "/quan-tri/yeu-cau/{privacy_request}/mo-lai" => admin::privacy::reopen),
    ]
}

/// The form of an action, and where it goes; none of what people do not do.
fn action_pages(kind: ActionKind) -> Vec<Route> {
    let (Some(slug), Some(may)) = (screens::actions::slug(kind), kind.permission()) else {
        return Vec::new();
    };
    let page = |method: Method, handler: Box<dyn Fn() -> actix_web::Route>| Route {
        method,
        path: format!("/ho-so/{{dossier}}/{slug}"),
        access: Access::Staff(may),
        documentation: None,
        handler,
    };
    let show = move |call: Call, query: Fields| screens::actions::show(call, kind, query);
    let act = move |call: Call, typed: Fields| screens::actions::act(call, kind, typed);
    vec![
        page(Method::GET, Box::new(move || web::route().to(show))),
        page(Method::POST, Box::new(move || web::route().to(act))),
    ]
}

/// Pages for everybody: what people without an account follow, send and read.
pub fn public_pages() -> Vec<Route> {
    use Access::Public;
    vec![
        page!(Public, GET "/" => screens::start),
        page!(Public, GET "/tra-cuu" => screens::look_up::show),
        page!(Public, POST "/tra-cuu" => screens::look_up::look_up),
        page!(Public, POST "/tra-cuu/danh-gia" => screens::look_up::rate),
        page!(Public, GET "/nop-ho-so" => screens::submit::show),
        page!(Public, POST "/nop-ho-so" => screens::submit::submit),
        page!(Public, GET "/nop-ho-so/{submission}" => screens::submit::ask_code),
        page!(Public, POST "/nop-ho-so/{submission}" => screens::submit::confirm),
        page!(Public, GET "/phan-anh" => screens::feedback::show),
        page!(Public, POST "/phan-anh" => screens::feedback::send),
        page!(Public, GET "/phan-anh/{feedback}" => screens::feedback::read_back),
    ]
}

/// Pages for whoever leads others, and what shows their figures.
pub fn overview_pages() -> Vec<Route> {
    use Access::{Public, Staff};
    use Permission as May;
    vec![
        page!(Staff(May::ReadReports), GET "/tong-quan" => screens::overview::show),
        page!(Staff(May::ReadLate), GET "/tong-quan/tra-muon" => screens::late::closed_late),
        page!(Staff(May::ReadLate), GET "/tong-quan/qua-han" => screens::late::overdue),
        page!(Staff(May::ReadReports), GET "/tong-quan/theo-buoc" => screens::reports::show::<BySteps>),
        page!(Staff(May::NameDeputies), GET "/lam-thay" => screens::deputies::show),
        page!(Staff(May::NameDeputies), POST "/lam-thay" => screens::deputies::name),
        page!(Staff(May::NameDeputies), POST "/lam-thay/{deputy}/thoi" => screens::deputies::end),
        page!(Staff(May::HandOn), GET "/tong-quan/giao-lai" => screens::hand_on::show),
        page!(Staff(May::HandOver), POST "/tong-quan/giao-lai" => screens::hand_on::some),
        page!(Staff(May::HandOn), POST "/tong-quan/giao-lai/tat-ca" => screens::hand_on::all),
        page!(Staff(May::ReadDossiers), GET "/hom-nay" => screens::today::show),
        page!(Public, GET "/bang/{unit}" => screens::board::show),
    ]
}

/// All pages.
pub fn screens() -> Vec<Route> {
    let mut all = pages();
    all.extend(public_pages());
    all.extend(overview_pages());
    all
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
        get("/api/v1/sessions", Staff(May::OwnAccount), sessions::list)
            .says("Tài khoản", "Các phiên đăng nhập đang mở của chính mình, mới nhất trước.", "Các phiên"),
        delete("/api/v1/sessions/current", Staff(May::OwnPassword), sessions::end_current)
            .says("Tài khoản", "Đăng xuất.", "Đã kết thúc"),
        delete("/api/v1/sessions/{session}", Staff(May::OwnAccount), sessions::end)
            .says("Tài khoản", "Kết thúc một phiên đăng nhập của chính mình.", "Đã kết thúc"),
        get("/api/v1/me", Staff(May::OwnAccount), sessions::me)
            .says("Tài khoản", "Tài khoản đang dùng.", "Tài khoản"),
        put("/api/v1/me/password", Staff(May::OwnPassword), sessions::change_password)
            .says("Tài khoản", "Đổi mật khẩu của chính mình; các phiên khác kết thúc.", "Đã đổi")
            .or(&[WrongCredentials, TooManyRequests, Overloaded]),
        get("/api/v1/colleagues", Staff(May::OwnAccount), users::colleagues)
            .says("Tài khoản", "Tên đồng nghiệp trong đơn vị và các đơn vị trực thuộc, để giao việc.", "Một trang"),
        route!(Public, oidc::__path_begin => oidc::begin)
            .or(&[NotConfigured, BadGateway, TooManyRequests, Overloaded]),
        route!(Public, oidc::__path_finish => oidc::finish)
            .or(&[NotConfigured, WrongCredentials, BadGateway, Overloaded]),
        get("/api/v1/users", Staff(May::ManageUsers), users::list)
            .says("Quản trị", "Tài khoản của một đơn vị và các đơn vị trực thuộc.", "Một trang"),
        post("/api/v1/users", Staff(May::ManageUsers), users::create)
            .says("Quản trị", "Thêm tài khoản.", "Tài khoản mới")
            .or(&[Overloaded]),
        get("/api/v1/users/{username}", Staff(May::ManageUsers), users::show)
            .says("Quản trị", "Một tài khoản.", "Tài khoản"),
        patch("/api/v1/users/{username}", Staff(May::ManageUsers), users::change)
            .says("Quản trị", "Sửa tài khoản: tên, vai trò, đơn vị, khóa, đặt lại mật khẩu.", "Tài khoản sau khi sửa")
            .or(&[Refused, Overloaded]),
        post("/api/v1/users/{username}/hand-on", Staff(May::HandOn), users::hand_on)
            .says("Tài khoản", "Chuyển mọi hồ sơ đang giao cho một người sang một đồng nghiệp cùng đơn vị; làm trong công việc chạy nền.", "Đang chuyển"),
        get("/api/v1/hands", Staff(May::HandOn), users::hands)
            .says("Tài khoản", "Mỗi người đang được giao bao nhiêu hồ sơ, kể cả tài khoản đã khóa.", "Một trang"),
        get("/api/v1/deputies", Staff(May::NameDeputies), deputies::list)
            .says("Tài khoản", "Ai làm thay ai trong đơn vị và các đơn vị trực thuộc, mới nhất trước.", "Một trang"),
        post("/api/v1/deputies", Staff(May::NameDeputies), deputies::name)
            .says("Tài khoản", "Cử người làm thay các bước xử lý của người vắng mặt, từ ngày đến ngày.", "Việc làm thay"),
        delete("/api/v1/deputies/{deputy}", Staff(May::NameDeputies), deputies::end)
            .says("Tài khoản", "Thôi làm thay từ bây giờ.", "Đã thôi"),
        get("/api/v1/saved-lists", Staff(May::ReadDossiers), saved_lists::list)
            .says("Hồ sơ", "Danh sách hồ sơ đã lưu của mình và được chia sẻ cho đơn vị của mình.", "Các danh sách"),
        post("/api/v1/saved-lists", Staff(May::ReadDossiers), saved_lists::keep)
            .says("Hồ sơ", "Lưu một danh sách hồ sơ cho mình, tối đa 50.", "Đã lưu"),
        post("/api/v1/saved-lists/shared", Staff(May::ShareLists), saved_lists::share)
            .says("Hồ sơ", "Lưu một danh sách hồ sơ cho mình và cho cán bộ của đơn vị.", "Đã lưu"),
        delete("/api/v1/saved-lists/{list}", Staff(May::ReadDossiers), saved_lists::remove)
            .says("Hồ sơ", "Xóa danh sách đã lưu: của mình, hoặc được chia sẻ cho đơn vị mà mình lãnh đạo.", "Đã xóa"),
        get("/api/v1/text-blocks", Staff(May::KeepTextBlocks), text_blocks::list)
            .says("Quản trị", "Mẫu câu của đơn vị và các đơn vị trực thuộc, mới nhất trước.", "Một trang"),
        post("/api/v1/text-blocks", Staff(May::KeepTextBlocks), text_blocks::add)
            .says("Quản trị", "Thêm mẫu câu để bổ sung, từ chối, không tiếp nhận, xin lỗi; đơn vị và các đơn vị trực thuộc cùng dùng.", "Mẫu câu mới"),
        get("/api/v1/text-blocks/{block}", Staff(May::KeepTextBlocks), text_blocks::show)
            .says("Quản trị", "Một mẫu câu.", "Mẫu câu"),
        put("/api/v1/text-blocks/{block}", Staff(May::KeepTextBlocks), text_blocks::change)
            .says("Quản trị", "Sửa mẫu câu.", "Mẫu câu sau khi sửa"),
        delete("/api/v1/text-blocks/{block}", Staff(May::KeepTextBlocks), text_blocks::remove)
            .says("Quản trị", "Xóa mẫu câu; những gì đã viết thì giữ nguyên.", "Đã xóa"),
        // What everybody may know.
        get("/api/v1/units", Public, units::list)
            .says("Danh mục", "Danh mục đơn vị, theo tên.", "Các đơn vị")
            .or_seen(),
        get("/api/v1/units/{unit}", Public, units::show)
            .says("Danh mục", "Một đơn vị.", "Đơn vị"),
        get("/api/v1/procedures", Public, procedures::list)
            .says("Danh mục", "Thủ tục có hiệu lực, theo mã.", "Các thủ tục")
            .or_seen(),
        get("/api/v1/procedures/{procedure}", Public, procedures::show)
            .says("Danh mục", "Một thủ tục với mọi phiên bản, phiên bản đang có hiệu lực đứng đầu, rồi mới nhất trước: thời hạn, phí, thành phần hồ sơ, quy trình nội bộ.", "Các phiên bản"),
        get("/api/v1/calendar/{year}", Public, calendar::show)
            .says("Danh mục", "Ngày nghỉ và ngày làm bù của một năm.", "Các ngày")
            .or_seen(),
        get("/api/v1/time-limit", Public, time_limit::preview)
            .says("Danh mục", "Ngày hẹn trả kết quả nếu tiếp nhận vào thời điểm đó.", "Ngày hẹn trả")
            .or(&[Refused, NotReady]),
        get("/api/v1/norms", Public, norms::show)
            .says("Danh mục", "Mẫu và quy định có hiệu lực vào một ngày, kèm văn bản và mức chắc chắn.", "Mẫu và quy định"),
        get("/api/v1/lookup", Public, lookup::look_up)
            .says("Công dân", "Tra cứu hồ sơ bằng mã hồ sơ và mã tra cứu.", "Hồ sơ")
            .or(&[Kind::NotFound, TooManyRequests]),
        post("/api/v1/submissions", Public, submissions::submit)
            .says("Công dân", "Nộp hồ sơ trực tuyến. Mã xác nhận được gửi đến thư điện tử hoặc số điện thoại của người nộp.", "Chờ xác nhận")
            .or(&[Refused, NotReady, TooManyRequests]),
        post("/api/v1/submissions/{submission}/confirm", Public, submissions::confirm)
            .says("Công dân", "Xác nhận bằng mã; hồ sơ được đăng ký (trạng thái 1) và chờ cán bộ một cửa tiếp nhận.", "Hồ sơ đã đăng ký")
            .or(&[Refused, NotReady, TooManyRequests]),
        route!(Signed, fees::__path_take_gateway_payment => fees::take_gateway_payment)
            .or(&[BadSignature, NotConfigured]),
        // The log, for everybody.
        route!(Public, checkpoint::__path_show => checkpoint::show),
        route!(Public, checkpoint::__path_key => checkpoint::key),
        get("/api/v1/checkpoint/consistency", Public, checkpoint::consistency)
            .says("Nhật ký", "Bằng chứng rằng nhật ký chỉ dài thêm từ điểm chốt trước đến điểm chốt sau.", "Bằng chứng"),
        // Reference data.
        post("/api/v1/units", Staff(May::ManageUnits), units::create)
            .says("Quản trị", "Thêm đơn vị.", "Đơn vị mới"),
        patch("/api/v1/units/{unit}", Staff(May::ManageUnits), units::change)
            .says("Quản trị", "Sửa đơn vị. Khi đổi đơn vị cấp trên, giờ làm việc hay ngày kết thúc, công việc chạy nền sửa các hồ sơ của đơn vị.", "Đơn vị sau khi sửa")
            .answers(202, "Đơn vị sau khi sửa; Location: công việc sửa các hồ sơ")
            .or(&[Refused]),
        post("/api/v1/units/{unit}/staff-move/preview", Staff(May::ManageUsers), users::preview_move)
            .says("Quản trị", "Nếu chuyển người của đơn vị sang đơn vị khác: những ai, đang được giao bao nhiêu hồ sơ. Không đổi gì.", "Những người sẽ chuyển"),
        post("/api/v1/units/{unit}/staff-move", Staff(May::ManageUsers), users::move_staff)
            .says("Quản trị", "Chuyển người của đơn vị sang đơn vị khác; hồ sơ mà họ không còn xem được thì thôi giao cho họ.", "Những người đã chuyển"),
        put("/api/v1/procedures/{procedure}", Staff(May::ManageProcedures), procedures::put)
            .says("Quản trị", "Thêm thủ tục, hoặc phiên bản mới của thủ tục: valid_from mới kết thúc phiên bản trước. Phiên bản chưa có hiệu lực thì sửa được; gửi lại đúng phiên bản đã có thì không thay đổi gì. Phiên bản thay phiên bản khác từ một ngày đã qua cần lý do ghi lùi.", "Phiên bản mới")
            .answers(200, "Đã sửa phiên bản chưa có hiệu lực, hoặc đã có đúng phiên bản này"),
        delete("/api/v1/procedures/{procedure}/versions/{valid_from}", Staff(May::ManageProcedures), procedures::withdraw)
            .says("Quản trị", "Rút phiên bản chưa có hiệu lực; phiên bản trước tiếp tục có hiệu lực.", "Đã rút")
            .or(&[Refused]),
        post("/api/v1/calendar/{year}/preview", Staff(May::ManageCalendar), calendar::preview)
            .says("Quản trị", "Nếu lịch của năm đổi như vậy, những ngày nào bị bỏ và ngày hẹn trả của những hồ sơ nào thay đổi. Không đổi gì.", "Những hồ sơ sẽ thay đổi"),
        put("/api/v1/calendar/{year}", Staff(May::ManageCalendar), calendar::put)
            .says("Quản trị", "Thêm hoặc sửa ngày trong lịch của một năm; với replace, các ngày này thay toàn bộ năm. Một công việc chạy nền tính lại ngày hẹn trả của các hồ sơ đang xử lý.", "Đã đổi; Location: công việc tính lại ngày hẹn trả")
            .answers(200, "Không có ngày hẹn trả nào phải tính lại"),
        get("/api/v1/jobs", Staff(May::ReadJobs), jobs::list)
            .says("Quản trị", "Các công việc chạy nền, mới nhất trước: tính lại ngày hẹn trả, chuyển hồ sơ theo đơn vị.", "Một trang"),
        get("/api/v1/jobs/{job}", Staff(May::ReadJobs), jobs::show)
            .says("Quản trị", "Một công việc chạy nền: đã làm đến đâu.", "Công việc"),
        // Dossiers.
        post("/api/v1/dossiers", Staff(May::Receive), dossiers::receive)
            .says("Hồ sơ", "Tiếp nhận hồ sơ: cấp mã hồ sơ, tính ngày hẹn trả.", "Hồ sơ mới")
            .or(&[Refused, NotReady, Kind::NeedsAcceptance]),
        post("/api/v1/dossiers/batch", Staff(May::Receive), dossiers::receive_batch)
            .says("Hồ sơ", "Tiếp nhận nhiều hồ sơ, tối đa 500, mỗi hồ sơ có kết quả riêng.", "Kết quả của từng hồ sơ"),
        post("/api/v1/cards", Staff(May::Receive), cards::read)
            .says("Hồ sơ", "Đọc mã QR của thẻ căn cước. Không lưu gì.", "Người nộp"),
        get("/api/v1/dossiers", Staff(May::ReadDossiers), lists::list)
            .says("Hồ sơ", "Danh sách hồ sơ trong phạm vi của mình, từng trang.", "Một trang"),
        post("/api/v1/dossiers/search", Staff(May::ReadDossiers), lists::search)
            .says("Hồ sơ", "Tìm hồ sơ trong phạm vi của mình theo mã hồ sơ, số điện thoại, số định danh, họ tên.", "Một trang"),
        get("/api/v1/dossiers/{dossier}", Staff(May::ReadDossiers), dossiers::show)
            .says("Hồ sơ", "Một hồ sơ với trạng thái hiện tại.", "Hồ sơ")
            .or_seen(),
        get("/api/v1/dossiers/{dossier}/events", Staff(May::ReadDossiers), dossiers::events)
            .says("Hồ sơ", "Lịch sử của hồ sơ, cũ nhất trước.", "Các sự kiện"),
        get("/api/v1/dossiers/{dossier}/links", Staff(May::ReadDossiers), links::list)
            .says("Hồ sơ", "Hồ sơ liên kết với hồ sơ này: liên quan, thay thế, liên thông.", "Các hồ sơ"),
        post("/api/v1/dossiers/{dossier}/links", Staff(May::Annotate), links::link)
            .says("Hồ sơ", "Liên kết với hồ sơ khác; liên kết trước đó giữa hai hồ sơ được thay.", "Đã liên kết"),
        delete("/api/v1/dossiers/{dossier}/links/{other}", Staff(May::Annotate), links::unlink)
            .says("Hồ sơ", "Bỏ liên kết.", "Đã bỏ"),
        get("/api/v1/dossiers/{dossier}/identities", Staff(May::ReadIdentity), dossiers::identities)
            .says("Hồ sơ", "Số định danh đầy đủ của người nộp và người được ủy quyền. Mỗi lần đọc được ghi lại.", "Số định danh"),
        get("/api/v1/dossiers/{dossier}/fees/transfer-code", Staff(May::ReadDossiers), fees::transfer_code)
            .says("Phí, lệ phí", "Mã VietQR để chuyển khoản số tiền còn phải nộp.", "Mã chuyển khoản")
            .or(&[Refused, NotConfigured]),
    ];
    all.extend(reports::table());
    all.extend(actions_table());
    all.extend(opinions_table());
    all.extend(outgoing_table());
    all.extend(payments_table());
    all.extend(privacy_table());
    all
}

/// What people say, and what becomes of it.
fn opinions_table() -> Vec<Route> {
    use Access::{Public, Staff};
    use Kind::{AlreadyRated, NotFound, NotReady, Refused, TooManyRequests};
    use Permission as May;

    vec![
        post("/api/v1/satisfaction", Public, satisfaction::rate)
            .says(
                "Công dân",
                "Đánh giá mức độ hài lòng sau khi nhận kết quả; mỗi hồ sơ một lần.",
                "Đã ghi nhận",
            )
            .or(&[NotFound, Refused, AlreadyRated, TooManyRequests]),
        get(
            "/api/v1/reports/satisfaction/comments",
            Staff(May::HandleFeedback),
            satisfaction::comments,
        )
        .says(
            "Báo cáo",
            "Ý kiến kèm đánh giá, mới nhất trước; không cho biết của hồ sơ nào.",
            "Một trang",
        ),
        post("/api/v1/feedback", Public, feedback::receive)
            .says(
                "Công dân",
                "Gửi phản ánh, kiến nghị. Mã trong câu trả lời để đọc kết quả sau này.",
                "Đã tiếp nhận",
            )
            .or(&[NotFound, Refused, NotReady, TooManyRequests]),
        get("/api/v1/feedback/{feedback}", Public, feedback::read_back)
            .says(
                "Công dân",
                "Người gửi xem phản ánh, kiến nghị của mình và câu trả lời.",
                "Phản ánh, kiến nghị",
            )
            .or(&[TooManyRequests]),
        get("/api/v1/feedback/published", Public, feedback::published).says(
            "Công dân",
            "Phản ánh, kiến nghị và câu trả lời đã công khai, mới nhất trước.",
            "Một trang",
        ),
        get(
            "/api/v1/feedback",
            Staff(May::HandleFeedback),
            feedback::list,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Phản ánh, kiến nghị gửi đến các đơn vị trong phạm vi của mình.",
            "Một trang",
        ),
        get(
            "/api/v1/feedback/{feedback}/details",
            Staff(May::HandleFeedback),
            feedback::show,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Một phản ánh, kiến nghị với người gửi, người được giao và câu trả lời.",
            "Phản ánh, kiến nghị",
        ),
        post(
            "/api/v1/feedback/{feedback}/assign",
            Staff(May::HandleFeedback),
            feedback::assign,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Giao cho người xử lý.",
            "Sau khi giao",
        )
        .or(&[Refused]),
        post(
            "/api/v1/feedback/{feedback}/answer",
            Staff(May::HandleFeedback),
            feedback::answer,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Trả lời người gửi; một lần.",
            "Sau khi trả lời",
        )
        .or(&[Refused]),
        post(
            "/api/v1/feedback/{feedback}/publish",
            Staff(May::PublishFeedback),
            feedback::publish,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Công khai nội dung và câu trả lời đã biên tập; lần sau thay lời văn của lần trước.",
            "Sau khi công khai",
        )
        .or(&[Refused]),
        post(
            "/api/v1/feedback/{feedback}/unpublish",
            Staff(May::PublishFeedback),
            feedback::unpublish,
        )
        .says(
            "Phản ánh, kiến nghị",
            "Thôi công khai.",
            "Sau khi thôi công khai",
        ),
    ]
}

/// Money of payment gateways that fits nothing.
fn payments_table() -> Vec<Route> {
    use Access::Staff;
    use Kind::{AmountMismatch, NotFound, NotReady, Refused};
    use Permission as May;
    vec![
        get("/api/v1/payments", Staff(May::HandlePayments), payments::list)
            .says("Phí, lệ phí", "Tiền do cổng thanh toán báo, mới nhất trước: của hồ sơ trong phạm vi đơn vị; tiền không rõ hồ sơ do người của toàn tỉnh xem.", "Một trang"),
        get("/api/v1/payments/{payment}", Staff(May::HandlePayments), payments::show)
            .says("Phí, lệ phí", "Một khoản tiền do cổng thanh toán báo, với những việc đã làm.", "Khoản tiền"),
        post("/api/v1/payments/{payment}/take", Staff(May::HandlePayments), payments::take)
            .says("Phí, lệ phí", "Ghi nhận khoản tiền không khớp cho phí của một hồ sơ; số tiền phải đúng bằng số phải nộp.", "Khoản tiền").or(&[
            NotFound,
            Refused,
            NotReady,
            AmountMismatch,
        ]),
        post("/api/v1/payments/{payment}/pay-back", Staff(May::HandlePayments), payments::pay_back)
            .says("Phí, lệ phí", "Ghi nhận khoản tiền không khớp đã được hoàn trả.", "Khoản tiền")
            .or(&[NotFound, Refused]),
        post("/api/v1/payments/{payment}/note", Staff(May::HandlePayments), payments::note)
            .says("Phí, lệ phí", "Ghi chú về một khoản tiền.", "Khoản tiền")
            .or(&[NotFound, Refused]),
    ]
}

/// What people ask about their own data.
fn privacy_table() -> Vec<Route> {
    use Access::Staff;
    use Kind::{NotReady, Refused};
    use Permission as May;
    vec![
        get("/api/v1/privacy/requests", Staff(May::HandlePrivacy), privacy::list)
            .says("Dữ liệu cá nhân", "Sổ yêu cầu của người dân về dữ liệu của mình, mới nhất trước.", "Một trang"),
        post("/api/v1/privacy/requests", Staff(May::HandlePrivacy), privacy::receive)
            .says("Dữ liệu cá nhân", "Ghi nhận yêu cầu xem, sửa, hạn chế xử lý hoặc xóa dữ liệu; hạn trả lời và hạn thực hiện tính theo ngày làm việc.", "Yêu cầu")
            .or(&[Refused, NotReady]),
        get("/api/v1/privacy/requests/{privacy_request}", Staff(May::HandlePrivacy), privacy::show)
            .says("Dữ liệu cá nhân", "Một yêu cầu.", "Yêu cầu"),
        post("/api/v1/privacy/requests/{privacy_request}/answer", Staff(May::HandlePrivacy), privacy::answer)
            .says("Dữ liệu cá nhân", "Đã trả lời người yêu cầu.", "Yêu cầu")
            .or(&[Refused]),
        post("/api/v1/privacy/requests/{privacy_request}/done", Staff(May::HandlePrivacy), privacy::done)
            .says("Dữ liệu cá nhân", "Đã thực hiện yêu cầu; với yêu cầu xóa thì dữ liệu được xóa ngay tại đây, từ chối khi còn hồ sơ chưa xong.", "Yêu cầu")
            .or(&[Refused]),
        post("/api/v1/privacy/requests/{privacy_request}/refuse", Staff(May::HandlePrivacy), privacy::refuse)
            .says("Dữ liệu cá nhân", "Từ chối yêu cầu, có lý do.", "Yêu cầu")
            .or(&[Refused]),
        post("/api/v1/privacy/requests/{privacy_request}/reopen", Staff(May::HandlePrivacy), privacy::reopen)
            .says("Dữ liệu cá nhân", "Mở lại yêu cầu đã ghi nhầm là thực hiện hoặc từ chối; dữ liệu đã xóa thì không mở lại được.", "Yêu cầu")
            .or(&[Refused]),
        get("/api/v1/privacy/readings", Staff(May::ReadReadings), privacy::readings)
            .says("Dữ liệu cá nhân", "Ai đã xem số định danh của ai, khi nào, cũ nhất trước; việc xem danh sách này được ghi vào nhật ký.", "Một trang"),
        get("/api/v1/privacy/readings.csv", Staff(May::ReadReadings), privacy::readings_csv)
            .says("Dữ liệu cá nhân", "Như /api/v1/privacy/readings, dạng CSV; tiêu đề Link có trang sau.", "Bảng"),
    ]
}

/// What is told to others, and what became of it.
fn outgoing_table() -> Vec<Route> {
    use Access::Staff;
    use Permission as May;
    vec![
        get("/api/v1/outbox", Staff(May::ManageOutgoing), outbox::list)
            .says("Quản trị", "Thông điệp gửi ra ngoài, mới nhất trước; chỉ quản trị của toàn tỉnh.", "Một trang"),
        post("/api/v1/outbox/{message}/retry", Staff(May::ManageOutgoing), outbox::retry)
            .says("Quản trị", "Gửi lại ngay một thông điệp đang chờ hoặc đã thôi gửi; chỉ quản trị của toàn tỉnh.", "Sẽ gửi lại")
            .or(&[Kind::Refused]),
        get("/api/v1/alarms", Staff(May::ManageOutgoing), alarms::list)
            .says("Quản trị", "Cảnh báo đang mở, mới nhất trước; chỉ quản trị của toàn tỉnh.", "Các cảnh báo đang mở"),
        post("/api/v1/alarms/{alarm}/close", Staff(May::ManageOutgoing), alarms::close)
            .says("Quản trị", "Đóng một cảnh báo đã xem; nếu sự cố còn thì cảnh báo mở lại. Chỉ quản trị của toàn tỉnh.", "Đã đóng"),
        get("/api/v1/set-aside", Staff(May::ManageOutgoing), alarms::set_aside)
            .says("Quản trị", "Hồ sơ có dữ liệu hỏng mà hệ thống để riêng khi làm việc nền; chỉ quản trị của toàn tỉnh.", "Các hồ sơ được để riêng"),
        post("/api/v1/set-aside/{work}/{set_aside}/retry", Staff(May::ManageOutgoing), alarms::retry)
            .says("Quản trị", "Làm lại việc nền với một hồ sơ được để riêng; chỉ quản trị của toàn tỉnh.", "Sẽ làm lại"),
        post("/api/v1/set-aside/{work}/{set_aside}/dismiss", Staff(May::ManageOutgoing), alarms::dismiss)
            .says("Quản trị", "Để yên một hồ sơ: không làm việc nền này với nó nữa, tin đang chờ của nó không báo cho ai. Chỉ quản trị của toàn tỉnh.", "Đã để yên"),
        get("/api/v1/webhooks", Staff(May::ManageOutgoing), webhooks::list)
            .says("Quản trị", "Webhook của một đơn vị và các đơn vị trực thuộc.", "Một trang"),
        post("/api/v1/webhooks", Staff(May::ManageOutgoing), webhooks::create)
            .says("Quản trị", "Đăng ký webhook. Khóa ký chỉ có trong câu trả lời này.", "Webhook mới")
            // Made with the same key before, and gone since.
            .or(&[Kind::NotFound]),
        get("/api/v1/webhooks/{webhook}", Staff(May::ManageOutgoing), webhooks::show)
            .says("Quản trị", "Một webhook.", "Webhook"),
        patch("/api/v1/webhooks/{webhook}", Staff(May::ManageOutgoing), webhooks::change)
            .says("Quản trị", "Sửa webhook: đơn vị, địa chỉ, loại sự kiện, tắt, bật.", "Webhook sau khi sửa"),
        delete("/api/v1/webhooks/{webhook}", Staff(May::ManageOutgoing), webhooks::delete)
            .says("Quản trị", "Bỏ webhook; những gì còn chờ gửi tới đó thôi không gửi nữa.", "Đã bỏ"),
        get("/api/v1/webhooks/{webhook}/deliveries", Staff(May::ManageOutgoing), webhooks::deliveries)
            .says("Quản trị", "Nhật ký gửi tới một webhook, mới nhất trước.", "Một trang"),
    ]
}

/// What moves a dossier on.
fn actions_table() -> Vec<Route> {
    use ActionKind as To;
    use Permission as May;
    use actions::WithReason;
    vec![
        act(To::Receive, May::Receive, actions::Receive::asks)
            .about("Tiếp nhận hồ sơ đã đăng ký trực tuyến; thời hạn bắt đầu tính."),
        act(To::NotReceive, May::Receive, |WithReason { reason, .. }, of| of.to(Action::NotReceive { reason }))
            .about("Không tiếp nhận hồ sơ đã đăng ký trực tuyến, có lý do."),
        act(To::Reach, May::Receive, |actions::Plain { .. }, of| of.to(Action::Reach))
            .about("Đơn vị có thẩm quyền ghi nhận hồ sơ do nơi khác tiếp nhận đã đến; thời hạn bắt đầu tính."),
        act(To::HandOver, May::HandOver, actions::HandOver::asks)
            .about("Chuyển đến bước kế tiếp, hoặc trả lại một bước trước."),
        act(To::Assign, May::HandOver, actions::OtherHands::asks)
            .about("Giao lại cho người khác trong bước hiện tại; có lý do khi hồ sơ đang giao cho người khác."),
        act(To::RequestSupplement, May::AskApplicant, actions::RequestSupplement::asks)
            .about("Yêu cầu bổ sung giấy tờ; thời hạn tạm dừng."),
        act(To::TakeSupplement, May::TakeFromApplicant, actions::TakeSupplement::asks)
            .about("Nhận giấy tờ bổ sung; thời hạn tính lại từ đầu, hoặc tính tiếp, theo thủ tục."),
        act(To::RequestPayment, May::AskApplicant, actions::RequestPayment::asks)
            .about("Yêu cầu thực hiện nghĩa vụ tài chính; thời hạn tạm dừng.")
            .or(ABOUT_MONEY),
        act(To::TakePayment, May::TakeFromApplicant, actions::TakePayment::asks)
            .about("Xác nhận đã thực hiện nghĩa vụ tài chính; thời hạn tính tiếp.")
            .or(ABOUT_MONEY),
        act(To::SetFees, May::SettleFees, fees::Set::asks)
            .about("Ghi số trang, số bản phải nộp phí, và mức phí áp dụng khi có nhiều mức; trước khi thu."),
        act(To::CollectFees, May::SettleFees, fees::Collect::asks)
            .about("Thu phí, lệ phí; số tiền theo thủ tục.")
            .or(ABOUT_MONEY),
        act(To::WaiveFee, May::SettleFees, fees::Waive::asks)
            .about("Miễn một khoản phí, lệ phí, có lý do."),
        act(To::CancelWaiver, May::SettleFees, fees::Waive::cancels)
            .about("Hủy việc miễn một khoản phí, lệ phí bị nhầm: khoản đó lại phải nộp; lịch sử vẫn giữ cả hai."),
        act(To::RefundFees, May::SettleFees, fees::Refund::asks)
            .about("Ghi nhận đã hoàn trả phí, lệ phí: toàn bộ một số khoản, hoặc một số tiền.")
            .or(ABOUT_MONEY),
        act(To::CancelRefund, May::SettleFees, |WithReason { reason, .. }, of| of.to(Action::CancelRefund { reason }))
            .about("Hủy lần ghi nhận hoàn trả gần nhất bị nhầm; lịch sử vẫn giữ cả hai."),
        act(To::Finish, May::Finish, actions::Finish::asks)
            .about("Có kết quả giải quyết, hoặc từ chối giải quyết; thời hạn được đánh giá ở đây."),
        act(To::Return, May::Return, actions::Return::asks)
            .about("Trả kết quả cho người nộp."),
        act(To::Withdraw, May::Withdraw, |WithReason { reason, .. }, of| of.to(Action::Withdraw { reason }))
            .about("Công dân yêu cầu rút hồ sơ."),
        act(To::Stop, May::Stop, |WithReason { reason, .. }, of| of.to(Action::Stop { reason }))
            .about("Dừng xử lý, có lý do."),
        act(To::Reappoint, May::Reappoint, actions::Reappoint::asks)
            .about("Xin lỗi và hẹn lại ngày trả kết quả, một lần cho mỗi hồ sơ."),
        act(To::Verify, May::Reappoint, |WithReason { reason, .. }, of| of.to(Action::Verify { reason }))
            .about("Báo hồ sơ cần xác minh: áp dụng thời hạn khi phải xác minh của thủ tục, tính từ lúc tiếp nhận, một lần."),
        act(To::MoveToSuccessor, May::MoveToSuccessor, actions::MoveTo::asks)
            .about("Chuyển hồ sơ chưa trả kết quả của đơn vị đã giải thể sang một đơn vị kế thừa."),
        act(To::Undo, May::Undo, |WithReason { reason, .. }, of| of.to(Action::Correct(Correction::Undo { reason })))
            .about("Hủy thao tác kết thúc, trả kết quả hoặc không tiếp nhận bị nhầm; lịch sử vẫn giữ cả hai."),
        act(To::CorrectApplicant, May::CorrectApplicant, actions::CorrectApplicant::asks)
            .about("Sửa thông tin người nộp."),
        act(To::CorrectDelegate, May::CorrectApplicant, actions::CorrectDelegate::asks)
            .about("Sửa thông tin người được ủy quyền, hoặc ghi rằng không có ai được ủy quyền."),
        act(To::CorrectCase, May::CorrectApplicant, actions::CorrectCase::asks)
            .about("Sửa trường hợp của thủ tục đã chọn nhầm: thời hạn của trường hợp đó, tính từ lúc tiếp nhận; không sửa khi đã quá hạn."),
        act(To::CorrectReceipt, May::CorrectApplicant, actions::CorrectReceipt::asks)
            .about("Sửa thủ tục, kênh, thời điểm tiếp nhận đã ghi nhầm: thời hạn theo thủ tục và kênh đúng, tính từ lúc tiếp nhận đúng."),
        act(To::CorrectPapers, May::CorrectApplicant, actions::CorrectPapers::asks)
            .about("Sửa giấy tờ đã nhận (ghi lại tất cả giấy tờ đã nhận đến nay), số bộ, cách trả kết quả."),
    ]
}

/// What an action on money may be answered with.
const ABOUT_MONEY: &[Kind] = &[Kind::Refused, Kind::NotReady, Kind::AmountMismatch];

/// An action on a dossier: its address, who may, and what its body asks for.
fn act<B: ActionBody>(kind: ActionKind, may: Permission, asks: Asks<B>) -> Route {
    let handler =
        move |call: Call, seen: IfMatch, body: Body<B>| actions::act(call, seen, body, asks);
    post(
        &format!("/api/v1/dossiers/{{dossier}}/{}", kind.name()),
        Access::Staff(may),
        handler,
    )
    .answers(200, "Hồ sơ sau thao tác")
    .or(&[Kind::Refused, Kind::NotReady])
}

/// Registers all routes. An address that is known with another method is a 405 that names the
/// methods it has; HEAD goes wherever GET does.
pub(crate) fn register(config: &mut web::ServiceConfig) {
    let mut by_path: Vec<(String, Vec<Route>)> = Vec::new();
    for route in table().into_iter().chain(screens()) {
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
