//! BPMN 2.0 and DMN: reading, checking and running.
