"""What PushPull talks about: frozen values and pure functions, standard library only."""
