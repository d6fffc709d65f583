int x_placeholder(void){return 0;}
