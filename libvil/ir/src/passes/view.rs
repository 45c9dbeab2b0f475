//! Short ways through a program that several passes take; each answers nothing where a name leads nowhere.
