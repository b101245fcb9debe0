//! From the XML tree to a [`Definition`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::BPMN_NAMESPACE;
use super::definition::*;
use super::diagram::{Diagram, local};
use super::events::{Expressions, Roots};
use crate::problem::Problem;
use crate::xml::{self, Element};

impl Definition {
    /// Reads a BPMN file. Fails on what is no BPMN or contradicts itself; what is merely not executed is for `check`.
    pub fn parse(xml: &str, source: &str) -> Result<Self, Vec<Problem>> {
        let document = xml::parse(xml, source).map_err(|problem| vec![problem])?;
        if document.name != "definitions" || document.namespace != BPMN_NAMESPACE {
            let message = "the root element is not BPMN 2.0 definitions";
            return Err(vec![Problem::error(source, document.line, None, "not-bpmn", message)]);
        }
        let processes: Vec<&Element> = document.elements().filter(|e| e.name == "process").collect();
        let with_content = |process: &&&Element| process.elements().any(is_flow_node);
        let executable = |process: &&&Element| process.attribute("isExecutable") == Some("true");
        let main = processes
            .iter()
            .filter(with_content)
            .find(executable)
            .or_else(|| processes.iter().find(with_content))
            .or_else(|| processes.first());
        let Some(main) = main.copied() else {
            let message = "the file holds no process";
            return Err(vec![Problem::error(source, document.line, None, "no-process", message)]);
        };
        let mut reader = Reader::new(source, Roots::read(&document));
        for process in &processes {
            let runs = std::ptr::eq(*process, main);
            reader.process(process, runs);
            if !runs && process.elements().any(is_flow_node) {
                let id = process.attribute("id");
                let message = "a second process of the file is drawn but not run";
                let problem =
                    if process.attribute("isExecutable") == Some("true") { Problem::error } else { Problem::warning };
                reader.expressions.problems.push(problem(
                    source,
                    process.line,
                    id,
                    "process-not-run",
                    message.to_owned(),
                ));
            }
        }
        reader.connect();
        if !reader.broken.is_empty() {
            return Err(reader.broken);
        }
        let id = main.attribute("id").unwrap_or("process");
        let diagram = Diagram::read(&document);
        let name = main.attribute("name").map(str::to_owned);
        let documentation = documentation(main);
        Ok(Self {
            source: source.to_owned(),
            id: Arc::from(id),
            name,
            documentation,
            elements: reader.elements,
            flows: reader.flows,
            containers: reader.containers,
            by_id: reader.by_id,
            lanes: reader.lanes,
            diagram,
            problems: reader.expressions.problems,
            document,
        })
    }
}

/// A flow or association as written, before the ids are known.
struct Link<'d> {
    element: &'d Element,
    source: String,
    target: String,
    container: usize,
}

struct Reader<'d> {
    source: &'d str,
    roots: Roots,
    expressions: Expressions<'d>,
    elements: Vec<FlowElement>,
    flows: Vec<SequenceFlow>,
    containers: Vec<Container>,
    by_id: HashMap<Arc<str>, usize>,
    flow_ids: HashSet<Arc<str>>,
    lanes: Vec<Lane>,
    sequence: Vec<Link<'d>>,
    associations: Vec<(String, String)>,
    /// Boundary event index → id of its activity.
    attached: Vec<(usize, String)>,
    /// Element index → id of its default flow.
    defaults: Vec<(usize, String)>,
    broken: Vec<Problem>,
}

impl<'d> Reader<'d> {
    fn new(source: &'d str, roots: Roots) -> Self {
        Self {
            source,
            roots,
            expressions: Expressions { source, problems: Vec::new() },
            elements: Vec::new(),
            flows: Vec::new(),
            containers: Vec::new(),
            by_id: HashMap::new(),
            flow_ids: HashSet::new(),
            lanes: Vec::new(),
            sequence: Vec::new(),
            associations: Vec::new(),
            attached: Vec::new(),
            defaults: Vec::new(),
            broken: Vec::new(),
        }
    }

    fn process(&mut self, process: &'d Element, runs: bool) {
        self.container(process, runs);
        for set in process.elements().filter(|e| e.name == "laneSet") {
            self.lane_set(set, None);
        }
    }

    fn container(&mut self, parent: &'d Element, runs: bool) -> usize {
        let index = self.containers.len();
        self.containers.push(Container { runs, ..Container::default() });
        for element in parent.elements().filter(|e| e.namespace == BPMN_NAMESPACE) {
            match element.name.as_str() {
                "sequenceFlow" => {
                    let end = |name| element.attribute(name).map(|id| local(id).to_owned()).unwrap_or_default();
                    let link = Link { element, source: end("sourceRef"), target: end("targetRef"), container: index };
                    self.sequence.push(link);
                }
                "association" => {
                    let end = |name| element.attribute(name).map(|id| local(id).to_owned()).unwrap_or_default();
                    self.associations.push((end("sourceRef"), end("targetRef")));
                }
                _ if is_flow_node(element) => self.flow_node(element, index, runs),
                _ => {}
            }
        }
        index
    }

    fn flow_node(&mut self, element: &'d Element, container: usize, runs: bool) {
        let id: Arc<str> = match element.attribute("id").filter(|id| !id.is_empty()) {
            Some(id) => Arc::from(id),
            None => Arc::from(format!("{}-line{}", element.name, element.line)),
        };
        let index = self.elements.len();
        if self.by_id.insert(Arc::clone(&id), index).is_some() {
            let message = format!("the id {id} stands twice");
            self.broken.push(Problem::error(self.source, element.line, Some(&id), "duplicate-id", message));
        }
        self.elements.push(FlowElement {
            id: Arc::clone(&id),
            name: element.attribute("name").map(str::to_owned),
            kind: Kind::NotExecuted { tag: element.name.clone() },
            documentation: documentation(element),
            lane: None,
            repetition: Repetition::Once,
            for_compensation: element.attribute("isForCompensation") == Some("true"),
            line: element.line,
            container,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            boundary: Vec::new(),
            handler: None,
            link: None,
        });
        self.containers[container].elements.push(index);
        if let Some(default) = element.attribute("default") {
            self.defaults.push((index, local(default).to_owned()));
        }
        self.elements[index].repetition = self.repetition(element, &id);
        self.elements[index].kind = self.kind(element, &id, index, runs);
    }

    fn kind(&mut self, element: &'d Element, id: &str, index: usize, runs: bool) -> Kind {
        let implementation = || element.attribute("implementation").map(str::to_owned);
        let not_executed = || Kind::NotExecuted { tag: element.name.clone() };
        match element.name.as_str() {
            "startEvent" => Kind::Start {
                event: self.event(element, id),
                interrupting: element.attribute("isInterrupting") != Some("false"),
            },
            "endEvent" => Kind::End(self.event(element, id)),
            "intermediateCatchEvent" => Kind::Catch(self.event(element, id)),
            "intermediateThrowEvent" => Kind::Throw(self.event(element, id)),
            "boundaryEvent" => {
                let host = element.attribute("attachedToRef").map(local).unwrap_or_default();
                self.attached.push((index, host.to_owned()));
                Kind::Boundary {
                    event: self.event(element, id),
                    host: usize::MAX,
                    interrupting: element.attribute("cancelActivity") != Some("false"),
                }
            }
            "exclusiveGateway" => Kind::Gateway(Gateway::Exclusive),
            "parallelGateway" => Kind::Gateway(Gateway::Parallel),
            "inclusiveGateway" => Kind::Gateway(Gateway::Inclusive),
            // An instantiating or parallel event gateway starts processes: BPMN 2.0.2 §10.6.6.
            "eventBasedGateway" if element.attribute("instantiate") == Some("true") => not_executed(),
            "eventBasedGateway" if element.attribute("eventGatewayType") == Some("Parallel") => not_executed(),
            "eventBasedGateway" => Kind::Gateway(Gateway::EventBased),
            "task" => Kind::Task(Task::Plain),
            "userTask" => Kind::Task(Task::User),
            "manualTask" => Kind::Task(Task::Manual),
            "serviceTask" => Kind::Task(Task::Service { implementation: implementation() }),
            "businessRuleTask" => Kind::Task(Task::BusinessRule { implementation: implementation() }),
            "sendTask" => {
                Kind::Task(Task::Send { implementation: implementation(), message: self.roots.message(element) })
            }
            "receiveTask" if element.attribute("instantiate") == Some("true") => not_executed(),
            "receiveTask" => Kind::Task(Task::Receive { message: self.roots.message(element) }),
            "scriptTask" => Kind::Task(self.script(element, id)),
            "subProcess" => {
                let container = self.container(element, runs);
                Kind::SubProcess { container, triggered: element.attribute("triggeredByEvent") == Some("true") }
            }
            // Their content is read, so that ids resolve and drawings work.
            "transaction" | "adHocSubProcess" => {
                self.container(element, false);
                not_executed()
            }
            _ => not_executed(),
        }
    }

    fn event(&mut self, element: &Element, id: &str) -> Event {
        self.expressions.event(element, id, &self.roots)
    }

    fn script(&mut self, element: &Element, id: &str) -> Task {
        let text = element.child("script").map(Element::text).unwrap_or_default();
        let language = element.attribute("scriptFormat").unwrap_or_default().to_ascii_lowercase();
        let script = if language.is_empty() || language.contains("feel") {
            self.expressions.text(&text, element.line, id)
        } else {
            let message = format!("scripts in {language} are not executed; write FEEL");
            self.expressions.problems.push(Problem::error(
                self.source,
                element.line,
                Some(id),
                "expression-language",
                message,
            ));
            Condition { text, expression: None }
        };
        Task::Script { script, result: element.foreign_attribute("resultVariable").map(str::to_owned) }
    }

    fn repetition(&mut self, element: &Element, id: &str) -> Repetition {
        if let Some(multi) = element.child("multiInstanceLoopCharacteristics") {
            return Repetition::Multi(self.multi_instance(multi, id));
        }
        let Some(standard) = element.child("standardLoopCharacteristics") else { return Repetition::Once };
        Repetition::Loop(StandardLoop {
            test_before: standard.attribute("testBefore") == Some("true"),
            condition: standard.child("loopCondition").map(|condition| self.expressions.condition(condition, id)),
            maximum: standard.attribute("loopMaximum").and_then(|text| text.parse().ok()),
        })
    }

    /// Standard attributes first; collection and element variable also in the words of Camunda, Flowable and Zeebe.
    fn multi_instance(&mut self, element: &Element, id: &str) -> MultiInstance {
        let zeebe = element.descendant("loopCharacteristics");
        let attribute_of_zeebe = |name: &str| zeebe.and_then(|e| e.attribute(name)).map(str::to_owned);
        let child = |name: &str| element.elements().find(|e| e.name == name && e.namespace == BPMN_NAMESPACE);
        let name_of =
            |name: &str| child(name).and_then(|e| e.attribute("name").or_else(|| e.attribute("id"))).map(str::to_owned);
        let collection = child("loopDataInputRef")
            .map(Element::text)
            .or_else(|| element.foreign_attribute("collection").map(str::to_owned))
            .or_else(|| attribute_of_zeebe("inputCollection"));
        let item = name_of("inputDataItem")
            .or_else(|| element.foreign_attribute("elementVariable").map(str::to_owned))
            .or_else(|| attribute_of_zeebe("inputElement"));
        let output_item = name_of("outputDataItem")
            .or_else(|| attribute_of_zeebe("outputElement").map(|text| text.trim_start_matches('=').trim().to_owned()));
        let output_list =
            child("loopDataOutputRef").map(Element::text).or_else(|| attribute_of_zeebe("outputCollection"));
        MultiInstance {
            sequential: element.attribute("isSequential") == Some("true"),
            cardinality: child("loopCardinality").map(|e| self.expressions.condition(e, id)),
            collection: collection.map(|text| self.expressions.text(&text, element.line, id)),
            item,
            output_item,
            output_list,
            completion: child("completionCondition").map(|e| self.expressions.condition(e, id)),
        }
    }

    fn lane_set(&mut self, set: &Element, parent: Option<&Arc<str>>) {
        for lane in set.elements().filter(|e| e.name == "lane") {
            let id: Arc<str> = match lane.attribute("id") {
                Some(id) => Arc::from(id),
                None => Arc::from(format!("lane-line{}", lane.line)),
            };
            let mut named = Vec::new();
            for reference in lane.elements().filter(|e| e.name == "flowNodeRef") {
                let reference = reference.text();
                if let Some(index) = self.by_id.get(local(&reference)).copied() {
                    self.assign_lane(index, &id);
                    named.push(Arc::clone(&self.elements[index].id));
                }
            }
            self.lanes.push(Lane {
                id: Arc::clone(&id),
                name: lane.attribute("name").map(str::to_owned),
                elements: named,
                parent: parent.cloned(),
            });
            for inner in lane.elements().filter(|e| e.name == "childLaneSet") {
                self.lane_set(inner, Some(&id));
            }
        }
    }

    /// What lies in a sub-process lies in its lane, unless the sub-process says otherwise. Inner lanes come later and win.
    fn assign_lane(&mut self, index: usize, lane: &Arc<str>) {
        self.elements[index].lane = Some(Arc::clone(lane));
        if let Kind::SubProcess { container, .. } = self.elements[index].kind {
            for inner in self.containers[container].elements.clone() {
                self.assign_lane(inner, lane);
            }
        }
    }

    fn connect(&mut self) {
        for (number, link) in std::mem::take(&mut self.sequence).into_iter().enumerate() {
            self.sequence_flow(number, &link);
        }
        for (index, host) in std::mem::take(&mut self.attached) {
            let found = self.by_id.get(host.as_str()).copied();
            let found = found.filter(|host| {
                self.elements[*host].container == self.elements[index].container && !self.elements[*host].is_event()
            });
            match found {
                Some(found) => {
                    if let Kind::Boundary { host, .. } = &mut self.elements[index].kind {
                        *host = found;
                    }
                    self.elements[found].boundary.push(index);
                }
                None => {
                    self.break_at(index, "attached", format!("it is attached to {host:?}, which is no activity here"));
                }
            }
        }
        for (index, default) in std::mem::take(&mut self.defaults) {
            let found = self.elements[index].outgoing.iter().copied().find(|flow| *self.flows[*flow].id == *default);
            match found {
                Some(flow) => self.elements[index].default = Some(flow),
                None => {
                    self.break_at(index, "default", format!("its default flow {default:?} does not leave it"));
                }
            }
        }
        for (source, target) in std::mem::take(&mut self.associations) {
            if let (Some(source), Some(target)) = (self.by_id.get(source.as_str()), self.by_id.get(target.as_str()))
                && matches!(self.elements[*source].kind, Kind::Boundary { event: Event::Compensation { .. }, .. })
            {
                let (source, target) = (*source, *target);
                self.elements[source].handler = Some(target);
                self.elements[target].for_compensation = true;
            }
        }
        self.connect_links();
        for index in 0..self.containers.len() {
            self.entries(index);
        }
    }

    fn sequence_flow(&mut self, number: usize, link: &Link<'d>) {
        let line = link.element.line;
        let id: Arc<str> = match link.element.attribute("id").filter(|id| !id.is_empty()) {
            Some(id) => Arc::from(id),
            None => Arc::from(format!("{}-{}-{number}", link.source, link.target)),
        };
        let end = |id: &str| self.by_id.get(id).copied();
        let (Some(source), Some(target)) = (end(&link.source), end(&link.target)) else {
            let message =
                format!("the flow leads from {:?} to {:?}; one of them is no element", link.source, link.target);
            self.broken.push(Problem::error(self.source, line, Some(&id), "dangling-flow", message));
            return;
        };
        if self.elements[source].container != link.container || self.elements[target].container != link.container {
            let message = "a sequence flow must not cross the border of a sub-process";
            self.broken.push(Problem::error(self.source, line, Some(&id), "crossing-flow", message));
            return;
        }
        let condition = link
            .element
            .child("conditionExpression")
            .filter(|element| !element.text().is_empty())
            .map(|element| self.expressions.condition(element, &id));
        if self.by_id.contains_key(&id) || !self.flow_ids.insert(Arc::clone(&id)) {
            let message = format!("the id {id} stands twice");
            self.broken.push(Problem::error(self.source, line, Some(&id), "duplicate-id", message));
        }
        let index = self.flows.len();
        let name = link.element.attribute("name").map(str::to_owned);
        self.flows.push(SequenceFlow { id, name, condition, line, source, target });
        self.elements[source].outgoing.push(index);
        self.elements[target].incoming.push(index);
    }

    fn connect_links(&mut self) {
        let mut catches: HashMap<(usize, String), usize> = HashMap::new();
        for (index, element) in self.elements.iter().enumerate() {
            if let Kind::Catch(Event::Link { name }) = &element.kind {
                catches.insert((element.container, name.clone()), index);
            }
        }
        for index in 0..self.elements.len() {
            let (Kind::Throw(Event::Link { name }) | Kind::End(Event::Link { name })) = &self.elements[index].kind
            else {
                continue;
            };
            match catches.get(&(self.elements[index].container, name.clone())) {
                Some(catch) => self.elements[index].link = Some(*catch),
                None => {
                    let message = format!("no link catch event is named {name:?} here");
                    self.break_at(index, "link", message);
                }
            }
        }
    }

    /// Start events; without any, everything that nothing leads to (BPMN 2.0.2 §10.3.1: instantiated when the process is).
    fn entries(&mut self, container: usize) {
        let elements = self.containers[container].elements.clone();
        let is_start = |index: &usize| matches!(self.elements[*index].kind, Kind::Start { .. });
        let mut entries: Vec<usize> = elements.iter().copied().filter(is_start).collect();
        let mut handlers = Vec::new();
        for index in elements {
            let element = &self.elements[index];
            match element.kind {
                Kind::SubProcess { triggered: true, .. } => handlers.push(index),
                Kind::Boundary { .. } | Kind::Catch(Event::Link { .. }) | Kind::Start { .. } => {}
                _ if element.for_compensation || !element.incoming.is_empty() => {}
                _ if entries.iter().all(|entry| !matches!(self.elements[*entry].kind, Kind::Start { .. })) => {
                    entries.push(index);
                }
                _ => {}
            }
        }
        self.containers[container].entries = entries;
        self.containers[container].handlers = handlers;
    }

    fn break_at(&mut self, index: usize, code: &'static str, message: String) {
        let element = &self.elements[index];
        self.broken.push(Problem::error(self.source, element.line, Some(&element.id), code, message));
    }
}

impl FlowElement {
    fn is_event(&self) -> bool {
        self.event().is_some()
    }
}

/// Flow nodes by tag; data, artifacts, lanes and documentation are none.
fn is_flow_node(element: &Element) -> bool {
    if element.namespace != BPMN_NAMESPACE {
        return false;
    }
    let tag = element.name.as_str();
    let by_suffix = ["Task", "Event", "Gateway", "SubProcess", "Activity"].iter().any(|suffix| tag.ends_with(suffix));
    by_suffix || matches!(tag, "task" | "subProcess" | "transaction" | "event" | "choreographyTask")
}

fn documentation(element: &Element) -> String {
    let texts: Vec<String> = element.elements().filter(|e| e.name == "documentation").map(Element::text).collect();
    texts.join("\n")
}
