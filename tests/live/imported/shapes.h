struct square { int side; };
