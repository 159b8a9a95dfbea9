//! What the document says of a handler, by the types of what it takes and of what it answers with: a
//! handler that takes a [`Body`] has a request body, one that takes an [`IfMatch`] has that header. What
//! the address names is described by [`crate::web::openapi`].

use actix_web::{Either, HttpRequest};
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::web::api::answers::{Answer, Csv, Done, Many};
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, PageParams};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, IfNoneMatch};
use crate::web::params::Params;
use crate::web::routes::Schemas;

/// What a handler takes.
pub trait Takes {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        operation
    }

    fn schemas(_: &mut Schemas) {}
}

impl Takes for HttpRequest {}

impl<W> Takes for Call<W> {}

impl<T: IntoParams> Takes for Params<T> {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        operation.parameters(Some(T::into_params(|| None)))
    }
}

impl<F: IntoParams, P> Takes for ListQuery<F, P> {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        let page = PageParams::into_params(|| None);
        let all = F::into_params(|| None).into_iter().chain(page);
        operation.parameters(Some(all))
    }
}

impl<T: Readable> Takes for Body<T> {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        let body = RequestBodyBuilder::new()
            .content("application/json", json(T::reference()))
            .required(Some(Required::True));
        operation.request_body(Some(body.build()))
    }

    fn schemas(all: &mut Schemas) {
        <T as Shows>::schemas(all);
    }
}

fn header(name: &str, description: &str, required: Required) -> Parameter {
    let schema = match required {
        Required::True => SchemaType::Type(Type::String),
        Required::False => SchemaType::Array(vec![Type::String, Type::Null]),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(schema)))
        .build()
}

/// A header that a handler takes.
macro_rules! headers {
    ($($kind:ty: $required:ident $name:literal $description:literal;)+) => {
        $(
            impl Takes for $kind {
                fn say(operation: OperationBuilder) -> OperationBuilder {
                    operation.parameter(header($name, $description, Required::$required))
                }
            }
        )+
    };
}

headers! {
    IfMatch: True "If-Match" "ETag đã đọc, hoặc *";
    IfNoneMatch: False "If-None-Match" "ETag đã đọc";
    IdempotencyKey: False "Idempotency-Key" "Khóa để không thực hiện hai lần";
}

/// What handlers take together.
macro_rules! together {
    ($(($($part:ident)*))+) => {
        $(
            impl<$($part: Takes),*> Takes for ($($part,)*) {
                fn say(operation: OperationBuilder) -> OperationBuilder {
                    $(let operation = $part::say(operation);)*
                    operation
                }

                fn schemas(_all: &mut Schemas) {
                    $($part::schemas(_all);)*
                }
            }
        )+
    };
}

together! { (A) (A B) (A B C) (A B C D) }

/// What can be shown.
pub trait Shows {
    fn reference() -> RefOr<Schema>;
    fn schemas(all: &mut Schemas);
}

impl<T: ToSchema> Shows for T {
    fn reference() -> RefOr<Schema> {
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }

    fn schemas(all: &mut Schemas) {
        all.push((T::name().into_owned(), T::schema()));
        <T as ToSchema>::schemas(all);
    }
}

impl<T: ToSchema> Shows for Many<T> {
    fn reference() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(<T as Shows>::reference());
        items.into()
    }

    fn schemas(all: &mut Schemas) {
        <T as Shows>::schemas(all);
    }
}

/// What a handler answers with when all goes well.
pub trait Answers {
    fn say(operation: OperationBuilder) -> OperationBuilder;

    fn schemas(_: &mut Schemas) {}
}

impl<T: Shows, const STATUS: u16> Answers for Answer<T, STATUS> {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        let shown = ResponseBuilder::new().content("application/json", json(T::reference()));
        operation.response(STATUS.to_string(), shown)
    }

    fn schemas(all: &mut Schemas) {
        T::schemas(all);
    }
}

impl Answers for Csv {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = ContentBuilder::new().schema(Some(Schema::from(text)));
        let shown = ResponseBuilder::new().content("text/csv", text.build());
        operation.response("200", shown)
    }
}

impl Answers for Done {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        operation.response("204", ResponseBuilder::new())
    }
}

impl<A: Answers, B: Answers> Answers for Either<A, B> {
    fn say(operation: OperationBuilder) -> OperationBuilder {
        B::say(A::say(operation))
    }

    fn schemas(all: &mut Schemas) {
        A::schemas(all);
        B::schemas(all);
    }
}

fn json(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}
