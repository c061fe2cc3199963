//! `canonical!`: a struct whose decoder names the field that is wrong and bounds its sequences.

/// Declares structs with canonical bytes: the fields in order, each as borsh has it.
///
/// A sequence is written `name: Vec<T> => MAX`; its length is checked against `MAX` before anything is allocated.
macro_rules! canonical {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $ty:ty $(=> $max:expr)? , )+
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field : $ty , )+
        }

        impl borsh::BorshDeserialize for $name {
            fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
                Ok(Self {
                    $( $field: canonical!(@read reader, $ty $(, $max)?)
                        .map_err(|e| $crate::codec::at_field(&e, stringify!($field)))?, )+
                })
            }
        }
    )+};
    (@read $reader:ident, $ty:ty) => {
        <$ty as borsh::BorshDeserialize>::deserialize_reader($reader)
    };
    (@read $reader:ident, $ty:ty, $max:expr) => {
        <$ty as $crate::codec::BoundedRead>::read_bounded($reader, $max)
    };
}

pub(crate) use canonical;
