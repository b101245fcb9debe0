//! Pages: layout, components, words, sessions, forms, uploads and the limits of every request.
