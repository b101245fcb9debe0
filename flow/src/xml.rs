//! A small XML tree with hard limits: the only way BPMN and DMN text enters.
//!
//! Everything of the file stays in the tree, vendor extensions and diagram data included, so that a writer has something to write from.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::problem::Problem;

/// Largest file read (security.md §6).
pub const XML_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Deepest nesting of elements read.
pub const XML_DEPTH_MAX: usize = 64;
/// Most elements, attributes and texts in one file.
pub const XML_NODES_MAX: usize = 100_000;

/// An element with its namespace resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Prefix as written; empty for the default namespace.
    pub prefix: String,
    /// Name without prefix.
    pub name: String,
    /// Namespace URI; empty when there is none.
    pub namespace: String,
    /// Attributes in document order, namespace declarations among them.
    pub attributes: Vec<Attribute>,
    /// Child elements, texts, comments and processing instructions in order.
    pub children: Vec<Node>,
    /// Line of the start tag, from 1.
    pub line: u32,
}

/// An attribute with its namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Prefix as written; empty when there is none.
    pub prefix: String,
    /// Name without prefix.
    pub name: String,
    /// Namespace URI; empty for an unprefixed attribute.
    pub namespace: String,
    /// Value with references resolved.
    pub value: String,
}

/// What an element may contain.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Character data, references resolved, CDATA included.
    Text(String),
    /// A comment.
    Comment(String),
    /// A processing instruction.
    Instruction(String),
}

impl Element {
    /// The value of an attribute without namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.namespace.is_empty() && a.name == name).map(|a| a.value.as_str())
    }

    /// The value of an attribute by local name in any namespace but the empty one: vendor extensions.
    pub fn foreign_attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| !a.namespace.is_empty() && a.name == name).map(|a| a.value.as_str())
    }

    /// Child elements in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The first child element with this local name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// The first descendant with this local name, depth first.
    pub fn descendant(&self, name: &str) -> Option<&Element> {
        self.elements().find_map(|element| if element.name == name { Some(element) } else { element.descendant(name) })
    }

    /// The text directly inside, trimmed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            if let Node::Text(part) = node {
                text.push_str(part);
            }
        }
        text.trim().to_owned()
    }
}

/// Reads one document. Refuses a document type, unknown entities and anything over the limits.
pub fn parse(xml: &str, source: &str) -> Result<Element, Problem> {
    if xml.len() > XML_BYTES_MAX {
        let message = format!("the file has {} bytes; the limit is {XML_BYTES_MAX}", xml.len());
        return Err(Problem::error(source, 0, None, "xml-too-large", message));
    }
    let mut parser = Parser { source, line: 1, counted: 0, nodes: 0, bytes: xml.as_bytes(), namespaces: Vec::new() };
    parser.document(xml)
}

struct Parser<'a> {
    source: &'a str,
    line: u32,
    /// Bytes whose line ends are already in `line`.
    counted: usize,
    nodes: usize,
    bytes: &'a [u8],
    /// (depth, prefix, uri) of the declarations in force.
    namespaces: Vec<(usize, String, String)>,
}

impl Parser<'_> {
    fn document(&mut self, xml: &str) -> Result<Element, Problem> {
        let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
        let mut open: Vec<Element> = Vec::new();
        let mut root: Option<Element> = None;
        loop {
            self.advance_to(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX));
            let event = reader.read_event().map_err(|error| self.problem("xml-malformed", error.to_string()))?;
            match event {
                Event::Start(tag) => {
                    if open.len() >= XML_DEPTH_MAX {
                        let message = format!("elements are nested deeper than {XML_DEPTH_MAX}");
                        return Err(self.problem("xml-too-deep", message));
                    }
                    if open.is_empty() && root.is_some() {
                        return Err(self.problem("xml-malformed", "a second root element"));
                    }
                    let element = self.element(&tag, open.len() + 1)?;
                    open.push(element);
                }
                Event::Empty(tag) => {
                    if open.is_empty() && root.is_some() {
                        return Err(self.problem("xml-malformed", "a second root element"));
                    }
                    let element = self.element(&tag, open.len() + 1)?;
                    self.leave(open.len() + 1);
                    close(&mut open, &mut root, element);
                }
                Event::End(_) => {
                    self.leave(open.len());
                    let Some(element) = open.pop() else {
                        return Err(self.problem("xml-malformed", "an end tag without its start"));
                    };
                    close(&mut open, &mut root, element);
                }
                Event::Text(text) => {
                    let text: &str = &text;
                    self.text(&mut open, text)?;
                }
                Event::CData(text) => {
                    let text: &str = &text;
                    self.text(&mut open, text)?;
                }
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    let resolved = unescape(&format!("&{name};"))
                        .map_err(|_| self.problem("xml-entity", format!("the entity &{name}; is not known")))?
                        .into_owned();
                    self.text(&mut open, &resolved)?;
                }
                Event::DocType(_) => {
                    return Err(
                        self.problem("xml-doctype", "a document type declaration is refused: no entities, no DTD")
                    );
                }
                Event::Comment(text) => {
                    self.count()?;
                    if let Some(parent) = open.last_mut() {
                        let text: &str = &text;
                        parent.children.push(Node::Comment(text.to_owned()));
                    }
                }
                Event::PI(text) => {
                    self.count()?;
                    if let Some(parent) = open.last_mut() {
                        let text: &str = &text;
                        parent.children.push(Node::Instruction(text.to_owned()));
                    }
                }
                Event::Decl(_) => {}
                Event::Eof => break,
            }
        }
        match (root, open.pop()) {
            (_, Some(left)) => Err(Problem::error(
                self.source,
                left.line,
                None,
                "xml-malformed",
                format!("<{}> is not closed", left.name),
            )),
            (Some(root), None) => Ok(root),
            (None, None) => Err(self.problem("xml-malformed", "no root element")),
        }
    }

    fn element(&mut self, tag: &BytesStart<'_>, depth: usize) -> Result<Element, Problem> {
        self.count()?;
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.problem("xml-malformed", error.to_string()))?;
            self.count()?;
            let raw: &str = &attribute.value;
            let value = unescape(raw).map_err(|error| self.problem("xml-entity", error.to_string()))?.into_owned();
            let (prefix, name) = split(attribute.key.0);
            if prefix == "xmlns" || (prefix.is_empty() && name == "xmlns") {
                let declared = if prefix.is_empty() { "" } else { name };
                self.namespaces.push((depth, declared.to_owned(), value.clone()));
            }
            attributes.push(Attribute {
                prefix: prefix.to_owned(),
                name: name.to_owned(),
                namespace: String::new(),
                value,
            });
        }
        for attribute in &mut attributes {
            if !attribute.prefix.is_empty() {
                attribute.namespace = self.namespace(&attribute.prefix)?;
            }
        }
        let qualified = tag.name();
        let (prefix, name) = split(qualified.0);
        Ok(Element {
            prefix: prefix.to_owned(),
            name: name.to_owned(),
            namespace: self.namespace(prefix)?,
            attributes,
            children: Vec::new(),
            line: self.line,
        })
    }

    fn namespace(&self, prefix: &str) -> Result<String, Problem> {
        match prefix {
            "xml" => return Ok("http://www.w3.org/XML/1998/namespace".to_owned()),
            "xmlns" => return Ok("http://www.w3.org/2000/xmlns/".to_owned()),
            _ => {}
        }
        match self.namespaces.iter().rev().find(|(_, known, _)| known == prefix) {
            Some((_, _, uri)) => Ok(uri.clone()),
            None if prefix.is_empty() => Ok(String::new()),
            None => Err(self.problem("xml-malformed", format!("the prefix {prefix}: is not declared"))),
        }
    }

    fn leave(&mut self, depth: usize) {
        while self.namespaces.last().is_some_and(|(declared_at, _, _)| *declared_at >= depth) {
            self.namespaces.pop();
        }
    }

    fn text(&mut self, open: &mut [Element], text: &str) -> Result<(), Problem> {
        let Some(parent) = open.last_mut() else {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(self.problem("xml-malformed", "text outside of the root element"))
            };
        };
        if let Some(Node::Text(last)) = parent.children.last_mut() {
            last.push_str(text);
            return Ok(());
        }
        self.count()?;
        parent.children.push(Node::Text(text.to_owned()));
        Ok(())
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > XML_NODES_MAX {
            return Err(self.problem("xml-too-many-nodes", format!("more than {XML_NODES_MAX} nodes")));
        }
        Ok(())
    }

    fn advance_to(&mut self, position: usize) {
        let position = position.min(self.bytes.len());
        if position > self.counted {
            let ends = self.bytes[self.counted..position].iter().filter(|byte| **byte == b'\n').count();
            self.line += u32::try_from(ends).unwrap_or(0);
            self.counted = position;
        }
    }

    fn problem(&self, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::error(self.source, self.line, None, code, message)
    }
}

fn close(open: &mut [Element], root: &mut Option<Element>, element: Element) {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None => *root = Some(element),
    }
}

fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(xml: &str) -> &'static str {
        parse(xml, "t.xml").expect_err("must be refused").code
    }

    #[test]
    fn keeps_namespaces_lines_and_foreign_data() {
        let root = parse("<a xmlns='urn:a' xmlns:v='urn:v'>\n <v:b v:c='1&amp;2'/>\n x&#65;<![CDATA[<y>]]></a>", "t")
            .expect("xml");
        assert_eq!(root.namespace, "urn:a");
        let b = root.child("b").expect("b");
        assert_eq!((b.namespace.as_str(), b.line, b.foreign_attribute("c")), ("urn:v", 2, Some("1&2")));
        assert_eq!(root.text(), "xA<y>");
    }

    #[test]
    fn refuses_document_types_and_entity_bombs() {
        assert_eq!(code("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), "xml-doctype");
        assert_eq!(code("<a>&x;</a>"), "xml-entity");
        assert_eq!(code("<a b='&x;'/>"), "xml-entity");
    }

    #[test]
    fn refuses_what_is_over_the_limits() {
        assert_eq!(code(&format!("{}{}", "<a>".repeat(65), "</a>".repeat(65))), "xml-too-deep");
        assert_eq!(code(&format!("<a>{}</a>", "<b/>".repeat(XML_NODES_MAX))), "xml-too-many-nodes");
        assert_eq!(code(&format!("<a>{}</a>", " ".repeat(XML_BYTES_MAX))), "xml-too-large");
    }

    #[test]
    fn refuses_broken_documents_naming_the_line() {
        assert_eq!(parse("<a>\n\n<b></a>", "t").expect_err("refused").line, 3);
        for broken in ["", "x", "<a>", "<a/><b/>", "<v:a/>", "<a b='1' b='2'/>", "<a/>x"] {
            assert_eq!(code(broken), "xml-malformed", "{broken}");
        }
    }
}
