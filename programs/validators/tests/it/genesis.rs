//! With what a chain begins.

use heddle_executor::testing::TestChain;
use heddle_sdk::SectionError;
use heddle_sdk::genesis_state;
use heddle_types::Genesis;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::Validator;
use heddle_validators::GenesisMember;
use heddle_validators::Members;
use heddle_validators::ValidatorsError;
use heddle_validators::ValidatorsGenesis;
use heddle_validators::authority;
use heddle_validators::genesis_members;
use heddle_validators::members;

use crate::world::AUTHORITY;
use crate::world::genesis;
use crate::world::join;
use crate::world::leave;
use crate::world::member;
use crate::world::programs;
use crate::world::quic;
use crate::world::run_refused;
use crate::world::section;
use crate::world::validator_key;

/// The members with which a chain of this section begins, or why there is none.
fn begin(section: GenesisSection) -> Result<Members, ValidatorsError> {
    match TestChain::begin(programs(), &Genesis { sections: vec![section], ..genesis() }) {
        Ok(chain) => Ok(members(&chain.state).unwrap()),
        Err(SectionError::Refused { id: ProgramId::VALIDATORS, text, .. }) => {
            Err(ValidatorsError::ALL.into_iter().find(|error| error.text() == text).unwrap())
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn members_are_the_genesis_validators_in_their_order() {
    let members = begin(section().to_section()).unwrap();
    assert_eq!(members.as_slice(), [1, 2, 3, 4].map(member));
    assert_eq!(members.validators(), genesis().validators);
    assert_eq!(genesis_members(&genesis()), Some(members));
}

#[test]
fn without_a_section_there_is_no_list_and_nobody_may_change_it() {
    let genesis = Genesis { sections: vec![], ..genesis() };
    let mut chain = TestChain::begin(programs(), &genesis).unwrap();
    assert_eq!(members(&chain.state), None);
    assert_eq!(authority(&chain.state), None);
    assert_eq!(genesis_members(&genesis), None);
    for (n, call) in [(AUTHORITY, join(5)), (1, leave(1))] {
        run_refused(&mut chain, n, call, ValidatorsError::NotAuthorised);
    }
    let without_programs = genesis_state(&heddle_sdk::Programs::new(vec![]), &genesis).unwrap();
    assert_eq!(genesis_state(&programs(), &genesis), Ok(without_programs));
}

#[test]
fn a_section_names_as_many_as_there_are() {
    let mut fewer = section();
    fewer.members.pop();
    assert_eq!(begin(fewer.to_section()), Err(ValidatorsError::MalformedSection));
    let mut more = section();
    more.members.push(GenesisMember { quic: quic(1), ..more.members[0] });
    assert_eq!(begin(more.to_section()), Err(ValidatorsError::MalformedSection));
}

#[test]
fn a_section_that_is_none_is_refused() {
    let mut trailing = section().to_section();
    trailing.data.0.push(0);
    assert_eq!(begin(trailing), Err(ValidatorsError::MalformedSection));
}

#[test]
fn addresses_of_a_section_are_as_those_of_calls() {
    let with = |port| {
        let mut section = section();
        section.members[1].quic = quic(port);
        begin(section.to_section())
    };
    assert!(with(7).is_ok());
    assert_eq!(with(0), Err(ValidatorsError::InvalidAddress));
    assert_eq!(with(member(1).quic.port()), Err(ValidatorsError::DuplicateAddress));
}

#[test]
fn a_chain_without_validators_has_no_members() {
    let section = ValidatorsGenesis { members: vec![], ..section() }.to_section();
    let genesis = Genesis { validators: vec![], sections: vec![section], ..genesis() };
    assert!(genesis_state(&programs(), &genesis).is_err());
    let twice = vec![Validator::new(validator_key(1), 1); 4];
    let genesis =
        Genesis { validators: twice, sections: vec![self::section().to_section()], ..genesis };
    assert!(genesis_state(&programs(), &genesis).is_err());
}
