//! Messages by their descriptors: rules, JSON, and bytes that nobody made.

mod hostile;
mod json;
mod land;
mod large;
mod rules;
