//! RING 0: how Java and Jackson, its JSON library, do what clients can see in Confluent's answers.

pub mod hash_table;
pub mod json_fault;
