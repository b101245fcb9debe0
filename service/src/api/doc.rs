//! What the document says of each operation, written beside its route where it is mounted, so that neither can be forgotten.

use axum::handler::Handler;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{self, Takes};
use crate::app::App;
use crate::routes::Routes;

/// A type by its name in the document, with every named type that it refers to.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) schemas: Vec<(String, Value)>,
}

impl Named {
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        let written =
            schemas.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()));
        Self { name: T::name().into_owned(), schemas: written.collect() }
    }

    /// A type of body, with what its texts may hold.
    fn taken<T: Takes>() -> Self {
        let mut named = Self::of::<T>();
        named.schemas.iter_mut().for_each(|(_, schema)| body::limit(T::holds, schema));
        named
    }
}

/// What comes with a request.
#[derive(Clone, Default)]
pub(super) enum Comes {
    /// No body.
    #[default]
    Nothing,
    /// JSON of this type.
    Json(Named),
    /// `multipart/form-data` with one part `file`.
    File,
}

/// What is answered when it is done.
#[derive(Clone, Default)]
pub(super) enum Gives {
    /// 204.
    #[default]
    Nothing,
    /// JSON of this type.
    One(Named),
    /// A JSON array of this type.
    Many(Named),
    /// Something that is not JSON.
    Media(&'static str),
}

/// A parameter of the query.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) required: bool,
}

/// What the document says of an operation.
#[derive(Clone, Default)]
pub struct Doc {
    pub(super) summary: &'static str,
    pub(super) open: bool,
    pub(super) key: bool,
    pub(super) created: bool,
    pub(super) takes: Comes,
    pub(super) gives: Gives,
    pub(super) query: Vec<Asked>,
}

impl Doc {
    /// One line. Without more it takes nothing and answers 204.
    pub fn new(summary: &'static str) -> Self {
        Self { summary, ..Self::default() }
    }

    /// Anybody may ask.
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// It changes something: the `Idempotency-Key` is needed.
    pub fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// The type of the body.
    pub fn takes<T: Takes>(mut self) -> Self {
        self.takes = Comes::Json(Named::taken::<T>());
        self
    }

    /// The body is a file, `multipart/form-data` with one part `file`.
    pub fn file(mut self) -> Self {
        self.takes = Comes::File;
        self
    }

    /// The type of the answer.
    pub fn gives<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::One(Named::of::<T>());
        self
    }

    /// The answer is an array of this type.
    pub fn lists<T: ToSchema>(mut self) -> Self {
        self.gives = Gives::Many(Named::of::<T>());
        self
    }

    /// The answer is 201: something is there that was not.
    pub fn created(mut self) -> Self {
        self.created = true;
        self
    }

    /// The answer is not JSON.
    pub fn media(mut self, media: &'static str) -> Self {
        self.gives = Gives::Media(media);
        self
    }

    /// A parameter of the query.
    pub fn query(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.query.push(Asked { name, meaning, required: false });
        self
    }

    /// A parameter of the query without which nothing is answered.
    pub fn needs(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.query.push(Asked { name, meaning, required: true });
        self
    }
}

/// Routes of the interface, each with its part of the document.
#[derive(Clone, Default)]
pub struct Api {
    pub(super) routes: Routes,
    pub(super) docs: Vec<Doc>,
}

impl Api {
    /// Answers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `GET`.
    pub fn get<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.get(path, handler);
        self.with(doc)
    }

    /// Answers `POST`.
    pub fn post<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.post(path, handler);
        self.with(doc)
    }

    /// Answers `PUT`.
    pub fn put<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.put(path, handler);
        self.with(doc)
    }

    /// Answers `DELETE`.
    pub fn delete<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.delete(path, handler);
        self.with(doc)
    }

    fn with(mut self, doc: Doc) -> Self {
        self.docs.push(doc);
        self
    }

    /// With all of another.
    pub fn merge(mut self, other: Self) -> Self {
        self.routes = self.routes.merge(other.routes);
        self.docs.extend(other.docs);
        self
    }

    /// The routes alone.
    pub fn into_routes(self) -> Routes {
        self.routes
    }
}
